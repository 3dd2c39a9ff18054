/**
 * `nat-binding`: up to which idle time a UDP mapping here lives (RFC 4787 §4.3), several idle times at once on as many
 * sockets. Only on request, because it takes as long as the longest of them.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { eitherSignal } from '../evidence/abort.js';
import type { IdleTrial, NatBindingFacts, NatDestination, NatFacts } from '../evidence/facts.js';
import { printable } from '../evidence/text.js';
import { pace, type Schedule } from '../wire/pacing.js';
import type { TransportAddress } from '../wire/stun.js';
import { turnUri } from '../wire/turn-uri.js';
import { openUnconnected } from '../wire/udp-unconnected.js';
import { bareRequests } from './bare-binding.js';
import { bindingCheck } from './binding-check.js';
import { at } from './ice-check.js';
import { testInbound } from './nat-inbound.js';
import type { Known, Outcome, Pending, Probe, Target, Tools } from './probe.js';

interface Binding extends Target {
  readonly askedMs: number;
}

const waitsFor = 'nat:ipv4';
/** Parts of the time that was asked for; each is a socket of its own. */
const parts = [1 / 8, 1 / 4, 1 / 2, 3 / 4, 1];
const shortestMs = 250;
const mostServers = 3;
const fewTimes: Schedule = { sendAtMs: [0, 50, 150, 350, 750], giveUpAtMs: 1500 };
/** For what comes before and after the idle times, a TURN server that is silent among it. */
const aroundMs = 20_000;

function targets({ asked, observations }: Known): (Binding | Pending)[] {
  if (!asked.natLifetimeMs) return [];
  const nat = observations.get(waitsFor);
  return [nat ? { id: 'nat-binding', askedMs: asked.natLifetimeMs } : { id: 'nat-binding', waitingFor: waitsFor }];
}

/** `ip:port` */
function parse(text: string): TransportAddress {
  const colon = text.lastIndexOf(':');
  return { address: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

/** Asks a destination for the mapped address from a socket of its own, before and after an idle time. */
async function comparePort(
  { kind, destination }: NatDestination,
  idleMs: number,
  { known, signal, now }: Tools,
): Promise<IdleTrial | undefined> {
  const session = known.shared.iceSession;
  const requests = kind === 'media' && session ? bindingCheck(session, now) : bareRequests(now);
  let mapped: string | undefined;
  let over = new AbortController();
  const socket = await openUnconnected(4, (bytes, from) => {
    const received = requests.receive(bytes, from);
    if (!received || !('answer' in received) || !received.answer.mapped) return;
    mapped = at(received.answer.mapped);
    over.abort();
  });
  if ('code' in socket) return undefined;
  const to = parse(destination);
  const ask = async (): Promise<string | undefined> => {
    mapped = undefined;
    over = new AbortController();
    await pace(fewTimes, () => socket.send(requests.request(), to), eitherSignal([over.signal, signal]));
    return mapped;
  };
  const before = await ask();
  if (before) await sleep(idleMs, undefined, { signal }).catch(() => {});
  const after = before && (await ask());
  socket.close();
  return before && after ? { idleMs, mapped: before, mappedAfter: after } : undefined;
}

/** UDP first: it is what calls use. Over TCP and TLS the relay's own UDP is the same. */
function relays(known: Known) {
  const order = { udp: 0, tcp: 1, tls: 2 };
  return (known.shared.iceServers ?? [])
    .flatMap((server) => {
      const uri = turnUri(server.url);
      return uri?.scheme.startsWith('turn') ? [{ server, rank: order[uri.transport] }] : [];
    })
    .sort((a, b) => a.rank - b.rank)
    .map(({ server }) => server)
    .slice(0, mostServers);
}

async function observe({ askedMs }: Binding, tools: Tools): Promise<Outcome> {
  const { known, signal } = tools;
  const idleTimesMs = [...new Set(parts.map((part) => Math.max(shortestMs, Math.round(askedMs * part))))];
  const nat = known.observations.get(waitsFor)?.facts as Partial<NatFacts> | undefined;
  const seen = (nat?.destinations ?? []).filter(({ mapped }) => mapped !== undefined);
  const outside = [...new Set(seen.map(({ mapped }) => parse(mapped as string).address))];
  const done = (facts: NatBindingFacts): Outcome => ({ state: 'ok', facts: { ...facts } });
  for (const server of relays(known)) {
    const trials = await testInbound(server, outside, idleTimesMs, tools);
    if (trials) return done({ askedMs, method: 'inbound', by: printable(server.url), trials });
    if (signal.aborted) break;
  }
  // A bare request first: the session of the other ones may end meanwhile.
  const [compared] = seen.sort((a, b) => Number(a.kind === 'media') - Number(b.kind === 'media'));
  if (!compared) {
    const message = 'no relay sends anything back here, and nothing tells the mapped address';
    return { state: 'unsupported', facts: {}, failure: { kind: 'no-far-side', message } };
  }
  const found = await Promise.all(idleTimesMs.map((idleMs) => comparePort(compared, idleMs, tools)));
  const trials = found.filter((one) => one !== undefined);
  const facts: NatBindingFacts = { askedMs, method: 'mapped-port', by: compared.destination, trials };
  if (trials.length > 0) return done(facts);
  const failure = { kind: 'timeout', message: `${compared.destination} no longer tells the mapped address` };
  return { state: 'failed', facts: { ...facts }, failure };
}

export const natBinding: Probe<Binding> = {
  name: 'nat-binding',
  depth: 'wire',
  deadlineMs: ({ askedMs }) => 2 * askedMs + aroundMs,
  targets,
  observe,
};
