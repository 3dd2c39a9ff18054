/** What `ice-udp` and `ice-tcp` have in common: which addresses are checked, and how a check is reported. */
import { isIP } from 'node:net';
import { hostOf } from '../environment/host.js';
import type { CandidateFacts, IceFacts, Origin, TlsFacts } from '../evidence/facts.js';
import type { Failure } from '../evidence/run.js';
import type { Schedule } from '../wire/pacing.js';
import type { TransportAddress } from '../wire/stun.js';
import { turnUri } from '../wire/turn-uri.js';
import { addressesOf, refusal } from './allowed-address.js';
import { type Answer, type BindingCheck, once, untilCertain } from './binding-check.js';
import { mediaAddresses, udpPorts } from './cluster.js';
import type { Known, Outcome, Target, Tools, Waiting } from './probe.js';
import type { IceSession } from './shared.js';

export interface IceTarget extends Target {
  readonly address: string;
  readonly port: number;
  readonly origin: Origin;
  /** `ip:port` of the advertised candidate that does not answer. */
  readonly insteadOf?: string;
  /** Several flows, and over UDP several sizes. */
  readonly thorough?: true;
}

/** How a check of one address ended. `state` and `failure` are those of the observation. */
export type CheckResult = Pick<IceFacts, 'sent' | 'received'> &
  Partial<
    Pick<
      IceFacts,
      'rttMs' | 'mapped' | 'errorCode' | 'flows' | 'sizes' | 'loss' | 'connectMs' | 'plaintext' | 'closesUnnamed'
    >
  > & {
    readonly state: 'ok' | 'failed' | 'unsupported';
    readonly failure?: Failure;
  };

export interface CheckOptions {
  readonly schedule: Schedule;
  readonly signal: AbortSignal;
  readonly thorough: boolean;
  /** Closes what is left open, when the run ends. */
  onEnd(cleanup: () => void): void;
  /** Many flows of the other protocol have reached one and the same server at this address. */
  oneNode(): boolean;
  /** Milliseconds. */
  now(): number;
}

/** One kind of check, which never rejects and ends with the schedule or as soon as the signal aborts. */
export type Check = (to: TransportAddress, session: IceSession, options: CheckOptions) => Promise<CheckResult>;

const mostCandidates = 32; // a hostile server may offer thousands
const mostElsewhere = 16;
const mostPorts = 24;
/** Each of these gets many flows and large datagrams, which must not be sent to thousands of strangers. */
const mostThorough = 4;
/** LiveKit's default for `rtc.udp_port`. */
const defaultUdpPort = 7882;
/** An answer that takes longer than two round trips and this is worth looking for elsewhere. */
export const unusualMs = 250;

/** `ip:port`, `[v6]:port`. */
export function at({ address, port }: TransportAddress): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** The candidates that can be connected to; the addresses may be anything that the server sent. */
function advertised(known: Known, protocol: 'udp' | 'tcp'): readonly CandidateFacts[] {
  const candidates = known.shared.iceSession?.candidates ?? [];
  return candidates
    .filter((one) => one.protocol === protocol && one.tcpType !== 'active' && isIP(one.address) > 0 && one.port > 0)
    .slice(0, mostCandidates);
}

/** Addresses at which the media could be instead, the likeliest first. */
function otherAddresses(known: Known): [Origin, string][] {
  const { url, claims } = known.environment;
  const turnHosts = (known.shared.iceServers ?? []).flatMap((server) => {
    const uri = turnUri(server.url);
    return uri?.scheme.startsWith('turn') ? [uri.host] : [];
  });
  const hosts = new Set([...(claims.turn?.host ? [claims.turn.host] : []), ...turnHosts]);
  return [
    ...(claims.media?.address ? ([['claimed', claims.media.address]] as [Origin, string][]) : []),
    ...mediaAddresses(known).map((address): [Origin, string] => ['cluster', address]),
    ...addressesOf(known, hostOf(url)).map((address): [Origin, string] => ['signal-host', address]),
    ...[...hosts].flatMap((host) => addressesOf(known, host).map((one): [Origin, string] => ['turn-host', one])),
  ];
}

/** Did not answer, or may not be asked: then the media could be elsewhere. */
function isDead(known: Known, id: string): boolean {
  const observation = known.observations.get(id);
  return observation?.state === 'failed' || observation?.failure?.kind === 'address-not-allowed';
}

/** The ports that `claims.media.udp` names, else the cluster: one, or a range of which the first 16 are enough. */
function claimedPorts(known: Known): number[] {
  const { udp } = known.environment.claims.media ?? {};
  if (udp === undefined) return udpPorts(known).slice(0, 16);
  const [first = 0, last = first] = udp.split('-').map(Number);
  const count = first > 0 && last >= first ? Math.min(last - first + 1, 16) : 0;
  return Array.from({ length: count }, (_, index) => first + index);
}

/** Where else the media of one UDP candidate could be: other ports of its address, and claimed ports at other addresses. */
function otherPorts(known: Known, { address, port }: TransportAddress): [Origin, TransportAddress][] {
  const claimed = claimedPorts(known);
  const nearby = [port + 1, port - 1, port + 2, port - 2, defaultUdpPort].filter((one) => one > 0 && one < 65_536);
  const here = (origin: Origin, ports: number[]): [Origin, TransportAddress][] =>
    ports.filter((one) => one !== port).map((one) => [origin, { address, port: one }]);
  return [
    ...here('claimed-port', claimed),
    ...here('neighbouring-port', nearby),
    // A range at several addresses would be a scan.
    ...(claimed.length > 2 ? [] : otherAddresses(known)).flatMap(([origin, other]) =>
      claimed.map((one): [Origin, TransportAddress] => [origin, { address: other, port: one }]),
    ),
  ];
}

/**
 * The advertised candidates of one protocol; and where one of them is dead or silent, and none has answered, the same
 * port at the other addresses at which the media could be, and over UDP other ports.
 */
export function iceTargets(known: Known, probe: 'ice-udp' | 'ice-tcp'): IceTarget[] | Waiting {
  const session = known.shared.iceSession;
  if (!session) return { waitingFor: 'signal' };
  const candidates = advertised(known, probe === 'ice-udp' ? 'udp' : 'tcp');
  const targets = new Map<string, IceTarget>();
  for (const { address, port } of candidates) {
    const id = `${probe}:${at({ address, port })}`;
    const thorough = targets.size < mostThorough;
    if (!targets.has(id)) targets.set(id, { id, address, port, origin: 'advertised', ...(thorough && { thorough }) });
  }
  if ([...targets.keys()].some((id) => known.observations.get(id)?.state === 'ok')) return [...targets.values()];
  const silent = (id: string): boolean => session.complete && (known.shared.silentChecks?.has(id) ?? false);
  const lost = [...targets.values()].filter(({ id }) => isDead(known, id) || silent(id));
  const add = (one: IceTarget, instead: readonly [Origin, TransportAddress][], most: number): number => {
    let added = 0;
    for (const [origin, { address, port }] of instead) {
      const id = `${probe}:${at({ address, port })}`;
      if (isIP(address) !== isIP(one.address) || targets.has(id) || added >= most) continue;
      added += 1;
      targets.set(id, { id, address, port, origin, insteadOf: at(one) });
    }
    return added;
  };
  let [addresses, ports] = [mostElsewhere, mostPorts];
  for (const one of lost) {
    const elsewhere = otherAddresses(known);
    const same = elsewhere.map(([origin, address]): [Origin, TransportAddress] => [
      origin,
      { address, port: one.port },
    ]);
    addresses -= add(one, same, addresses);
  }
  for (const one of probe === 'ice-udp' ? lost : []) ports -= add(one, otherPorts(known, one), ports);
  return [...targets.values()];
}

/** By an answer, which leaves nothing to wait for. */
export function wasRefused(known: Known, id: string): boolean {
  return known.observations.get(id)?.failure?.kind === 'refused';
}

/** Over UDP every one of many flows to this address was answered, so that no load balancer tells flows apart. */
function hasOneNode(known: Known, address: string): boolean {
  const checks = [...known.observations.values()].filter(({ probe }) => probe === 'ice-udp');
  return checks.some(({ facts }) => {
    const { flows, address: at } = facts as Partial<IceFacts>;
    return at === address && flows !== undefined && flows.answered === flows.tried;
  });
}

/** What a round trip to the signalling host takes, from its TCP connection; 0 as long as nobody knows. */
export function roundTripMs(known: Known): number {
  const handshakes = [...known.observations.values()].filter(({ probe }) => probe === 'tls');
  return Math.max(0, ...handshakes.map(({ facts }) => (facts as Partial<TlsFacts>).connectMs ?? 0));
}

/** Checks one target with the session of the run, and says early when it is silent. */
export async function observeIce(target: IceTarget, tools: Tools, check: Check): Promise<Outcome> {
  const { known, signal, now } = tools;
  const { id, address, port, origin, insteadOf, thorough = false } = target;
  const facts = { address, port, origin, ...(insteadOf && { insteadOf }) };
  const session = known.shared.iceSession;
  if (!session) return { state: 'unreached', facts: {}, waitedFor: 'signal' };
  const refused = refusal(known, address);
  if (refused) return { state: 'unsupported', facts: { ...facts, sent: 0, received: 0 }, failure: refused };
  const startMs = now();
  const speakUp = setTimeout(
    () => tools.share('silentChecks', new Set([...(known.shared.silentChecks ?? []), id])),
    unusualMs + 2 * roundTripMs(known),
  );
  const probe = id.slice(0, id.indexOf(':'));
  const isRefused = insteadOf !== undefined && wasRefused(known, `${probe}:${insteadOf}`);
  const schedule = origin === 'advertised' ? untilCertain : once(roundTripMs(known), isRefused);
  const oneNode = (): boolean => hasOneNode(known, address);
  const options = { schedule, signal, thorough, oneNode, onEnd: tools.onEnd, now };
  const { state, failure, ...seen } = await check({ address, port }, session, options);
  clearTimeout(speakUp);
  const endMs = now();
  const connectedMs = startMs + (seen.connectMs ?? 0);
  const steps = [
    ...(seen.connectMs === undefined ? [] : [{ name: 'connect', startMs, endMs: connectedMs }]),
    { name: 'check', startMs: connectedMs, endMs },
  ];
  return state === 'ok' || !failure
    ? { state: 'ok', facts: { ...facts, ...seen }, steps }
    : { state, facts: { ...facts, ...seen }, steps, failure };
}

/** The facts of an answered check. */
export function answered(check: BindingCheck, { rttMs, mapped, errorCode }: Answer): CheckResult {
  return {
    state: 'ok',
    sent: check.sent,
    received: check.received,
    rttMs,
    ...(mapped && { mapped: at(mapped) }),
    ...(errorCode !== undefined && { errorCode }),
  };
}

export function failed(check: BindingCheck, kind: string, message: string): CheckResult {
  const state = kind === 'no-route' ? 'unsupported' : 'failed';
  return { state, sent: check.sent, received: check.received, failure: { kind, message } };
}
