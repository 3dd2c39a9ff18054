/**
 * A TLS connection to the TURN host that the environment claims, made while signalling is still under way: the port is a
 * guess until the join response names it. Where it is right, `tls` reports that handshake and `turn-tls` goes on with that
 * connection, which saves two round trips; where it is not, nothing has been said.
 */
import { isIP } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { DnsFacts } from '../evidence/facts.js';
import { refusal } from './allowed-address.js';
import { connectTcp } from './connect.js';
import type { Known, Tools } from './probe.js';
import type { EarlyHandshake } from './shared.js';
import { handshake, type TlsServer } from './tls-handshake.js';

const usualPort = 443;
const pollMs = 5;
/** Signalling will be over by then. */
const longestMs = 2000;
/** It began with signalling, which is over when somebody asks. */
const underWayMs = 250;

/** Where the names are known; empty until then. */
function addressOf(known: Known, host: string): string | undefined {
  if (isIP(host)) return host;
  return (known.observations.get(`dns:${host}`)?.facts as Partial<DnsFacts> | undefined)?.addresses?.[0];
}

/** Never rejects. What it makes is shared, and ends with the run. */
export async function connectEarly({ known, now, signal, onEnd, share }: Tools, port = usualPort): Promise<void> {
  const host = known.environment.claims.turn?.host;
  if (!host || !known.asked.paths.includes('turn-tls')) return;
  const untilMs = now() + longestMs;
  while (addressOf(known, host) === undefined && now() < untilMs && !signal.aborted && !known.shared.iceServers) {
    await setTimeout(pollMs);
  }
  const address = addressOf(known, host);
  if (!address || known.shared.iceServers || refusal(known, address)) return;
  const server: TlsServer = { host, address, port };
  const startMs = now();
  const connected = await connectTcp(server, signal);
  if ('failure' in connected) return;
  const connectedMs = now();
  const options = { ca: known.environment.ca, servername: host, signal };
  const shaken = handshake(connected.socket, server, options).then(({ secure, failure, ...shown }) => {
    if (secure) onEnd(() => void secure.destroy());
    if (!secure || failure) return undefined;
    return { secure, facts: { ...shown, connectMs: connectedMs - startMs, handshakeMs: now() - connectedMs } };
  });
  share('earlyTls', { ...server, shaken });
}

/** The one to this very port, as long as it is open. A handshake that is under way is waited for, but not for long. */
export async function earlyTo(
  known: Known,
  { host, address, port: to }: TlsServer,
  patienceMs = underWayMs,
): Promise<EarlyHandshake | undefined> {
  const early = known.shared.earlyTls;
  if (early?.host !== host || early.address !== address || early.port !== to) return undefined;
  const made = await Promise.race([early.shaken, setTimeout(patienceMs, undefined, { ref: false })]);
  return made && !made.secure.destroyed && made.secure.readable ? made : undefined;
}
