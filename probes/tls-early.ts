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
import type { EarlyTls } from './shared.js';
import { handshake, type TlsServer } from './tls-handshake.js';

const port = 443;
const pollMs = 5;
/** Signalling will be over by then. */
const longestMs = 2000;

/** Where the names are known; empty until then. */
function addressOf(known: Known, host: string): string | undefined {
  if (isIP(host)) return host;
  return (known.observations.get(`dns:${host}`)?.facts as Partial<DnsFacts> | undefined)?.addresses?.[0];
}

/** Never rejects. What it makes is shared, and ends with the run. */
export async function connectEarly({ known, now, signal, onEnd, share }: Tools): Promise<void> {
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
  const shaken = await handshake(connected.socket, server, { ca: known.environment.ca, servername: host, signal });
  const { secure, failure, ...shown } = shaken;
  if (secure) onEnd(() => void secure.destroy());
  if (!secure || failure) return;
  const facts = { ...shown, connectMs: connectedMs - startMs, handshakeMs: now() - connectedMs };
  share('earlyTls', { ...server, secure, facts });
}

/** The one to this very port, as long as it is open. */
export function earlyTo(known: Known, { host, address, port: to }: TlsServer): EarlyTls | undefined {
  const early = known.shared.earlyTls;
  const isIt = early && early.host === host && early.address === address && early.port === to;
  return isIt && !early.secure.destroyed && early.secure.readable ? early : undefined;
}
