/** What is secret in a lab: what its servers are configured with, and what was said over signalling while it was checked. */
import { SignalResponse } from '@livekit/protocol';
import type { Lab } from '../../fixtures/lab/lab.js';

const names = /^(api)?secret$|^credential$|^token$|^password$/i;

/** Of a lab as it is composed, wherever they stand in it. */
export function configuredSecrets(lab: Lab): string[] {
  const found = new Set<string>();
  const walk = (value: unknown, key: string): void => {
    if (typeof value === 'string' && value !== '' && names.test(key)) found.add(value);
    if (value === null || typeof value !== 'object') return;
    for (const [inner, one] of Object.entries(value)) walk(one, key === 'keys' ? 'secret' : inner);
  };
  walk(lab, '');
  return [...found];
}

/** In lines of `overhear.mjs`: ICE passwords of both sides, and what TURN servers want. */
export function overheardSecrets(lines: string): string[] {
  const found = new Set<string>();
  for (const line of lines.split('\n').filter(Boolean)) {
    const bytes = Buffer.from(line, 'base64');
    for (const [, password = ''] of bytes.toString('latin1').matchAll(/a=ice-pwd:([^\r\n]+)/g)) found.add(password);
    for (const { credential } of iceServersIn(bytes)) if (credential) found.add(credential);
  }
  return [...found];
}

function iceServersIn(bytes: Buffer): { credential: string }[] {
  try {
    const { message } = SignalResponse.fromBinary(bytes);
    return message.case === 'join' || message.case === 'reconnect' ? message.value.iceServers : [];
  } catch {
    return [];
  }
}
