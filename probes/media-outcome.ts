/** What two participants' reports come to. Pure. Both sides must have seen and heard the other, by the path itself. */
import type { PartReport, Phase, Side } from '../browser/exchange.js';
import { pathOfPair } from '../browser/page/candidates.js';
import type { BySide } from '../browser/participants.js';
import type {
  MediaFacts,
  PairEnd,
  ParticipantFacts,
  ReceivedMedia,
  SelectedPair,
  SentMedia,
} from '../evidence/facts.js';
import type { Failure, Path, Step } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { turnUri } from '../wire/turn-uri.js';
import { contentFailure } from './media-content.js';
import { mosEstimate } from './mos.js';
import type { Outcome } from './probe.js';

interface Exchanged {
  readonly path: Path;
  /** Of a path over TURN: the URL that both must have used. */
  readonly turnUrl?: string | undefined;
  readonly browser: { readonly name: string; readonly version: string };
  readonly reports: BySide<PartReport>;
  /** When the exchange began, in milliseconds since the start of the run. */
  readonly startMs: number;
}

const mostPairs = 8;

export function judgeExchange({ path, turnUrl, browser, reports, startMs }: Exchanged): Outcome {
  const { caller, callee } = reports;
  const facts: MediaFacts = { path, browser, caller: factsOf(caller, callee), callee: factsOf(callee, caller) };
  const failure = failureOf(path, turnUrl, reports);
  const common = { facts: { ...facts }, steps: stepsOf(reports, startMs) };
  return failure ? { state: 'failed', ...common, failure } : { state: 'ok', ...common };
}

/** What was being done when it went no further. */
const doing: Record<Phase, string> = {
  join: 'joining',
  connect: 'connecting (ICE and DTLS)',
  publish: 'publishing picture and sound',
  receive: "waiting for the other's picture and sound",
  done: 'done',
};

function failureOf(path: Path, turnUrl: string | undefined, reports: BySide<PartReport>): Failure | undefined {
  const sides: [Side, PartReport][] = [
    ['caller', reports.caller],
    ['callee', reports.callee],
  ];
  for (const [side, { phase, error }] of sides) {
    if (error === undefined) continue;
    const kind = phase === 'join' ? 'join' : 'disconnected';
    return { kind, message: `the ${side} failed while ${doing[phase]}: ${printable(error)}` };
  }
  for (const [side, { phase }] of sides) {
    if (phase === 'done' || phase === 'receive') continue;
    return { kind: 'timeout', message: `the ${side} did not get done with ${doing[phase]} in time` };
  }
  for (const [side, { selected }] of sides) {
    const wrong = selected.length === 0 ? 'nothing that the statistics know' : otherWay(path, turnUrl, selected);
    if (wrong) return { kind: 'wrong-path', message: `the ${side} was held to ${path}, but took ${wrong}` };
  }
  for (const [side, { received }] of sides) {
    const failure = contentFailure(side, received);
    if (failure) return failure;
  }
  return undefined;
}

/** How a transport went that did not go by the path; undefined when all did. */
function otherWay(path: Path, turnUrl: string | undefined, selected: readonly SelectedPair[]): string | undefined {
  for (const { local } of selected) {
    const taken = pathOfPair(local);
    if (taken !== path) return taken ?? 'an unknown path';
    if (turnUrl && local.url && !sameServer(turnUrl, local.url)) return printable(local.url);
  }
  return undefined;
}

function sameServer(a: string, b: string): boolean {
  return JSON.stringify(turnUri(a)) === JSON.stringify(turnUri(b));
}

/** What a page says is not to be trusted: it speaks with the server. */
function factsOf(
  { iceMs, dtlsMs, connectMs, firstPacketMs, selected, rtt, received, sent }: PartReport,
  from: PartReport,
): ParticipantFacts {
  const times = { iceMs, dtlsMs, connectMs, firstPacketMs };
  const mos = mosEstimate(received.measured, rtt, from.rtt);
  return {
    ...(plain(times) as typeof times),
    selected: pairsOf(selected),
    ...(rtt && { rtt: plain(rtt) as ParticipantFacts['rtt'] }),
    received: { ...receivedOf(received), ...(mos !== undefined && { mosEstimate: mos }) },
    ...(sent && { sent: sentOf(sent) }),
  };
}

/** Base64 and nothing else, so that it can stand in a document as it is. */
const jpeg = /^data:image\/jpeg;base64,[A-Za-z0-9+/]{1,16000}={0,2}$/;

function receivedOf({ snapshot, ...numbers }: ReceivedMedia): ReceivedMedia {
  return {
    ...(plain(numbers) as ReceivedMedia),
    ...(typeof snapshot === 'string' && jpeg.test(snapshot) && { snapshot }),
  };
}

function sentOf({ limitedBy, ...numbers }: SentMedia): SentMedia {
  return { ...(plain(numbers) as SentMedia), ...(limitedBy && { limitedBy: printable(String(limitedBy), 20) }) };
}

/** As many looks as a measurement has, and some. */
const mostInList = 60;

/** Numbers by name, lists of them, and two levels of such below: that is all that a page has to say. */
function plain(values: object, depth = 3): object {
  const entries = Object.entries(values).flatMap(([name, value]): [string, unknown][] => {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return [[name, value.slice(0, mostInList).map(number)]];
    if (typeof value === 'object') return depth > 1 ? [[name, plain(value, depth - 1)]] : [];
    return [[name, number(value)]];
  });
  return Object.fromEntries(entries.slice(0, 40));
}

export function pairsOf(selected: readonly SelectedPair[]): SelectedPair[] {
  return selected.slice(0, mostPairs).map(({ local, remote, rttMs }) => ({
    local: endOf(local),
    remote: endOf(remote),
    ...(rttMs !== undefined && { rttMs: number(rttMs) }),
  }));
}

function endOf({ candidateType, protocol, address, port, relayProtocol, url }: PairEnd): PairEnd {
  return {
    candidateType: printable(candidateType),
    protocol: printable(protocol),
    ...(address && { address: printable(address) }),
    ...(port && { port: number(port) }),
    ...(relayProtocol && { relayProtocol: printable(relayProtocol) }),
    ...(url && { url: printable(url) }),
  };
}

export function number(value: unknown): number {
  const known = Number(value);
  return Number.isFinite(known) ? Math.round(known * 1e6) / 1e6 : 0;
}

/** The later of the two sides counts. */
function stepsOf({ caller, callee }: BySide<PartReport>, startMs: number): Step[] {
  const latest = (of: (report: PartReport) => number | undefined): number | undefined => {
    const [a, b] = [of(caller), of(callee)];
    return a === undefined || b === undefined ? undefined : Math.max(number(a), number(b));
  };
  const marks: [string, number | undefined][] = [
    ['join', latest(({ joinMs }) => joinMs)],
    ['ice', latest(({ iceMs }) => iceMs)],
    ['dtls', latest(({ dtlsMs }) => dtlsMs)],
    ['connect', latest(({ connectMs }) => connectMs)],
    ['publish', latest(({ publishMs }) => publishMs)],
    ['first packet', latest(({ firstPacketMs }) => firstPacketMs)],
    ['first frame', latest(({ received }) => received.firstFrameMs)],
    ['first sound', latest(({ received }) => received.firstAudioMs)],
  ];
  let fromMs = 0;
  return marks.flatMap(([name, atMs]) => {
    if (atMs === undefined) return [];
    const step = { name, startMs: startMs + Math.min(fromMs, atMs), endMs: startMs + atMs };
    if (name !== 'first frame') fromMs = atMs;
    return [step];
  });
}
