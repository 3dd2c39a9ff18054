/**
 * `nat:ipv4`, `nat:ipv6`: how the address and port of one socket look from several places (RFC 5780 §4.3). Every UDP
 * candidate and TURN server of the deployment is asked, and STUN servers outside of it: what they see tells a NAT's
 * mapping, and whether UDP leaves this network at all.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { NatDestination, NatFacts } from '../evidence/facts.js';
import { printable } from '../evidence/text.js';
import { pace, type Schedule } from '../wire/pacing.js';
import type { TransportAddress } from '../wire/stun.js';
import { turnUri } from '../wire/turn-uri.js';
import { openUnconnected, sourceAddress, type UnconnectedSocket } from '../wire/udp-unconnected.js';
import { addressesOf, refusal } from './allowed-address.js';
import { bareRequests } from './bare-binding.js';
import { type Answer, bindingCheck, untilCertain } from './binding-check.js';
import { at, roundTripMs, unusualMs, wasRefused } from './ice-check.js';
import type { Known, Outcome, Probe, Target, Tools, Waiting } from './probe.js';
import { defaultServers, locate, type StunServer, stunServers } from './stun-servers.js';

interface NatTarget extends Target {
  readonly family: 4 | 6;
}

const mostDestinations = 16;
/** A peer that floods the socket is not listened to for longer than this. */
const mostMessages = 2000;
const pollMs = 10;
/** Once UDP is proven, nobody is waited for longer than another round trip, or this. */
const patienceMs = 100;
/** And once a STUN server has said what it sees, for no longer than this: two views are enough to compare. */
const graceMs = 5;

/** STUN servers of others: fewer packets, since there are several of them. Silent with the media, not after it. */
const untilSilent: Schedule = {
  sendAtMs: [0, 50, 150, 350, 650, 1250, 1350, 1550, 1850],
  giveUpAtMs: untilCertain.giveUpAtMs - unusualMs,
};

const hopelessEveryMs = 100;

interface Wanted {
  readonly kind: NatDestination['kind'];
  readonly host: string;
  readonly to: TransportAddress;
}

/** UDP candidates and TURN servers, as far as they are known. */
function ofDeployment(known: Known): Wanted[] {
  const candidates = (known.shared.iceSession?.candidates ?? []).filter(
    ({ protocol, address, port }) => protocol === 'udp' && isIP(address) > 0 && port > 0,
  );
  const media = candidates.map(
    ({ address, port }): Wanted => ({ kind: 'media', host: address, to: { address, port } }),
  );
  const turn = (known.shared.iceServers ?? []).flatMap(({ url }): Wanted[] => {
    const uri = turnUri(url);
    if (uri?.scheme !== 'turn' || uri.transport !== 'udp') return [];
    const [address] = addressesOf(known, uri.host);
    return address ? [{ kind: 'turn', host: uri.host, to: { address, port: uri.port } }] : [];
  });
  return [...media, ...turn].filter(({ to }) => !refusal(known, to.address)).slice(0, mostDestinations);
}

function targets(known: Known): NatTarget[] | Waiting {
  if (!known.shared.iceSession) return { waitingFor: 'signal' };
  const families = new Set(ofDeployment(known).map(({ to }) => isIP(to.address)));
  return ([4, 6] as const).filter((one) => families.has(one)).map((family) => ({ id: `nat:ipv${family}`, family }));
}

interface Asking {
  readonly wanted: Wanted;
  readonly over: AbortController;
  sent: number;
  local?: string;
  answer?: Answer;
  answeredFrom?: string;
  noRoute?: boolean;
  /** Given up, not stopped. */
  silent?: boolean;
  receive(bytes: Buffer, from: TransportAddress): void;
}

const same = (one: TransportAddress, other: TransportAddress): boolean =>
  one.port === other.port && ipaddr.process(one.address).toString() === ipaddr.process(other.address).toString();

/** Asks all that it is told to, from one socket, until each has answered or is given up. */
function conversation(socket: () => UnconnectedSocket, { known, now }: Tools, onChange: () => void) {
  const asking = new Map<string, Asking>();

  const ask = async (wanted: Wanted): Promise<void> => {
    const { kind, to } = wanted;
    const session = known.shared.iceSession;
    if (asking.has(at(to)) || asking.size >= mostDestinations || (kind === 'media' && !session)) return;
    const requests = kind === 'media' && session ? bindingCheck(session, now) : bareRequests(now);
    const send = (): void => {
      one.sent += 1;
      socket().send(requests.request(), to);
    };
    const one: Asking = {
      wanted,
      over: new AbortController(),
      sent: 0,
      receive(bytes, from) {
        const received = requests.receive(bytes, from);
        if (!received || one.answer) return;
        if ('reply' in received) socket().send(received.reply, from);
        else if ('retry' in received) send();
        else {
          one.answer = received.answer;
          if (!same(from, to)) one.answeredFrom = at(from);
          one.over.abort();
          onChange();
        }
      },
    };
    asking.set(at(to), one);
    const source = await sourceAddress(to.address);
    if (source === undefined) one.noRoute = true;
    else {
      one.local = at({ address: source, port: socket().port });
      // Where a connected socket was refused at once, this one would only be silent.
      const isRefused = (): boolean => kind === 'media' && wasRefused(known, `ice-udp:${at(to)}`);
      const hopeless = setInterval(() => isRefused() && one.over.abort(), hopelessEveryMs);
      await pace(kind === 'stun' ? untilSilent : untilCertain, send, one.over.signal);
      clearInterval(hopeless);
      one.silent = !one.over.signal.aborted;
    }
    one.over.abort();
    onChange();
  };

  return {
    ask: (wanted: Wanted) => void ask(wanted),
    all: (): readonly Asking[] => [...asking.values()],
    receive(bytes: Buffer, from: TransportAddress): void {
      for (const one of asking.values()) one.receive(bytes, from);
    },
  };
}

function destinationFacts({ wanted, local, sent, answer, answeredFrom, silent }: Asking): NatDestination {
  const { kind, host, to } = wanted;
  return {
    kind,
    host: printable(host),
    destination: at(to),
    ...(local && { local }),
    sent,
    ...(answer?.mapped && { mapped: at(answer.mapped) }),
    ...(answer && { rttMs: answer.rttMs }),
    ...(silent && { silent }),
    ...(answeredFrom && { answeredFrom }),
    ...(answer?.errorCode !== undefined && { errorCode: answer.errorCode }),
  };
}

async function observe({ family }: NatTarget, tools: Tools): Promise<Outcome> {
  const { known, signal, now } = tools;
  let wake = (): void => {};
  let messages = 0;
  const opened = await openUnconnected(family, (bytes, from) => {
    messages += 1;
    if (messages <= mostMessages) talk.receive(bytes, from);
  });
  if ('code' in opened) {
    const failure = {
      kind: 'no-route',
      message: `this machine cannot open a UDP socket for IPv${family}: ${opened.code}`,
    };
    return { state: 'unsupported', facts: {}, failure };
  }
  const talk = conversation(
    () => opened,
    tools,
    () => wake(),
  );
  const over = new AbortController();
  const onAbort = (): void => {
    over.abort();
    wake();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const unresolved: string[] = [];
  let locating = 0;
  const askServers = async (server: StunServer): Promise<void> => {
    locating += 1;
    const found = await locate(server, family, known, over.signal);
    locating -= 1;
    if (found.length === 0 && !over.signal.aborted) unresolved.push(server.host);
    for (const to of found) if (!over.signal.aborted) talk.ask({ kind: 'stun', host: server.host, to });
    wake();
  };
  let { from: stun, servers } = stunServers(known);
  for (const server of servers) void askServers(server);

  const startMs = now();
  const lateMs = startMs + unusualMs + 2 * roundTripMs(known);
  // A schedule moves later on a busy machine, and resolvers may be slow.
  const endMs = startMs + untilCertain.giveUpAtMs + 2 * unusualMs;
  let provenMs: number | undefined;
  let comparableMs: number | undefined;
  const isOver = (): boolean => {
    const all = talk.all();
    const settled = locating === 0 && all.every((one) => one.over.signal.aborted);
    const isStun = ({ wanted }: Asking): boolean => wanted.kind === 'stun';
    const proof = all.find((one) => !isStun(one) && one.answer);
    if (proof) provenMs ??= now();
    if (all.some((one) => isStun(one) && one.answer)) comparableMs ??= now();
    if (provenMs !== undefined) {
      const others = all.every((one) => isStun(one) || one.over.signal.aborted);
      const compared = others && comparableMs !== undefined && now() > comparableMs + graceMs;
      return settled || compared || now() > provenMs + Math.max(patienceMs, proof?.answer?.rttMs ?? 0);
    }
    return (settled && known.shared.iceSession?.complete === true) || now() > endMs;
  };
  while (!over.signal.aborted) {
    for (const wanted of ofDeployment(known)) if (isIP(wanted.to.address) === family) talk.ask(wanted);
    if (isOver()) break;
    if (provenMs === undefined && servers.length === 0 && now() > lateMs) {
      servers = defaultServers(known);
      if (servers.length > 0) stun = 'default';
      for (const server of servers) void askServers(server);
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pollMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
  signal.removeEventListener('abort', onAbort);
  const all = talk.all();
  over.abort();
  for (const one of all) one.over.abort();
  opened.close();

  const destinations = all.filter(({ noRoute }) => !noRoute).map(destinationFacts);
  const facts: NatFacts = {
    family,
    destinations,
    stun,
    unresolved: unresolved.map((name) => printable(name)),
  };
  if (destinations.some(({ rttMs }) => rttMs !== undefined)) return { state: 'ok', facts: { ...facts } };
  if (destinations.length === 0) {
    const message = `this machine has no way to send to IPv${family} addresses`;
    return { state: 'unsupported', facts: { ...facts }, failure: { kind: 'no-route', message } };
  }
  const asked = destinations.map(({ destination }) => destination).join(', ');
  const failure = { kind: 'timeout', message: printable(`no answer over UDP from any of ${asked}`, 300) };
  return { state: 'failed', facts: { ...facts }, failure };
}

export const nat: Probe<NatTarget> = {
  name: 'nat',
  depth: 'wire',
  paths: ['udp', 'turn-udp'],
  deadlineMs: 5000,
  targets,
  observe,
};
