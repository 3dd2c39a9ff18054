/** `tls`: one handshake with the signalling host and with every TURN/TLS host, and the chain that it showed. */
import { isIP, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { hostOf } from '../environment/host.js';
import type { DnsFacts, Role, TlsFacts } from '../evidence/facts.js';
import type { Step } from '../evidence/run.js';
import { hedged } from '../wire/hedge.js';
import { turnUri } from '../wire/turn-uri.js';
import { refusal } from './allowed-address.js';
import { connectTcp } from './connect.js';
import type { Known, Outcome, Pending, Probe, Target, Tools } from './probe.js';
import { earlyTo } from './tls-early.js';
import { type Handshake, handshake, shake } from './tls-handshake.js';
import { olderProtocol, peerDate, plainAnswer, smallHello, withoutSni } from './tls-second-look.js';

interface Endpoint extends Target {
  readonly role: Role;
  readonly host: string;
  readonly port: number;
  readonly address: string;
}

const mostEndpoints = 8;
/** A handshake that takes this long is looked at in other ways while it is still waited for. */
const suspiciousMs = 1000;
/** One that says nothing for so long, beside its round trips, gets others beside it: it may have lost packets. */
const silentMs = 400;
const roundTripsOfHandshake = 2;
const mostHandshakes = 4;
/** The first connection was made, so that what befalls a later one before its handshake says nothing. */
const silences = new Set(['timeout', 'refused', 'unreachable']);

function targets(known: Known): (Endpoint | Pending)[] {
  const { url } = known.environment;
  const wanted = new Map<string, { role: Role; host: string; port: number }>();
  const want = (role: Role, host: string, port: number): void => {
    const id = `tls:${host}:${port}`;
    if (!wanted.has(id) && wanted.size < mostEndpoints) wanted.set(id, { role, host, port });
  };
  if (url.protocol === 'wss:') want('signal', hostOf(url), Number(url.port || 443));
  for (const server of known.shared.iceServers ?? []) {
    const uri = turnUri(server.url);
    if (uri?.scheme === 'turns') want('turn', uri.host, uri.port);
  }
  return [...wanted].map(([id, { role, host, port }]) => {
    const names = known.observations.get(`dns:${host}`);
    const address = isIP(host) ? host : (names?.facts as Partial<DnsFacts> | undefined)?.addresses?.[0];
    return address ? { id, role, host, port, address } : { id, waitingFor: `dns:${host}` };
  });
}

/** Facts that only matter when something is wrong, so only then they cost round trips. */
async function secondLook(
  target: Endpoint,
  { secure, failure }: Handshake,
  signal: AbortSignal,
): Promise<Partial<TlsFacts>> {
  if (!failure) return {};
  if (failure.kind === 'plaintext') return given({ plaintext: await plainAnswer(target, signal) });
  if (failure.kind === 'tls') return given({ olderProtocol: await olderProtocol(target, signal) });
  if (failure.kind !== 'chain' && failure.kind !== 'name') return {};
  const [without, date] = await Promise.all([
    withoutSni(target, signal),
    secure && target.role === 'signal' ? peerDate(secure, target, signal) : undefined,
  ]);
  return given({ withoutSni: without, peerDate: date, ourDate: date && new Date().toISOString() });
}

/** Without the fields that are not known. */
function given<T extends object>(facts: { [K in keyof T]: T[K] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Partial<T>;
}

async function observe(target: Endpoint, tools: Tools): Promise<Outcome> {
  let handOver: (secure?: TLSSocket) => void = () => {};
  if (target.role === 'signal')
    tools.share(
      'signalTls',
      new Promise((resolve) => {
        handOver = resolve;
      }),
    );
  try {
    return await look(target, tools, handOver);
  } finally {
    handOver();
  }
}

async function look(
  target: Endpoint,
  { known, signal, now, onEnd }: Tools,
  handOver: (secure: TLSSocket) => void,
): Promise<Outcome> {
  const { role, host, port, address } = target;
  const facts: TlsFacts = { role, host, address, port, chain: [] };
  const refused = role === 'turn' && refusal(known, address);
  if (refused) return { state: 'unsupported', facts: { ...facts }, failure: refused };
  const early = await earlyTo(known, target);
  if (early) return { state: 'ok', facts: { ...facts, ...early.facts } };
  const startMs = now();
  const connected = await connectTcp(target, signal);
  const connectedMs = now();
  const steps: Step[] = [{ name: 'connect', startMs, endMs: connectedMs }];
  if ('failure' in connected) return { state: 'failed', facts: { ...facts }, steps, failure: connected.failure };

  let small: Promise<TlsFacts['smallHello']> | undefined;
  const suspicious = setTimeout(() => {
    small = smallHello(target, signal);
  }, suspiciousMs);
  const { ca } = known.environment;
  const options = { ca, servername: host, ...(role === 'signal' && { alpn: ['http/1.1'] }) };
  let first: Socket | undefined = connected.socket;
  const shaken = await hedged<Handshake>(
    (own) => {
      const socket = first;
      first = undefined;
      return socket
        ? handshake(socket, target, { ...options, signal: own })
        : shake(target, { ...options, signal: own });
    },
    {
      everyMs: silentMs + roundTripsOfHandshake * (connectedMs - startMs),
      most: mostHandshakes,
      signal,
      decides: ({ failure }) => !silences.has(failure?.kind ?? ''),
      discard: ({ secure }) => void secure?.destroy(),
    },
  );
  clearTimeout(suspicious);
  const endMs = now();
  steps.push({ name: 'handshake', startMs: connectedMs, endMs });
  const more = await secondLook(target, shaken, signal);
  const { failure, secure, ...shown } = shaken;
  if (secure && !failure && role === 'signal') {
    onEnd(() => void secure.destroy());
    handOver(secure);
  } else secure?.destroy();
  const stalled = failure?.kind === 'timeout' ? await small : undefined;
  const all = {
    ...facts,
    ...shown,
    ...more,
    ...(stalled && { smallHello: stalled }),
    connectMs: connectedMs - startMs,
    handshakeMs: endMs - connectedMs,
  };
  return failure ? { state: 'failed', facts: all, steps, failure } : { state: 'ok', facts: all, steps };
}

export const tls: Probe<Endpoint> = { name: 'tls', depth: 'wire', deadlineMs: 7000, targets, observe };
