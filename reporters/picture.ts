/**
 * The ways of media as a picture: vantage → NAT → ingress, media, TURN → SFU, with what works and what does not. Only what
 * it shows, without a format: `picture-svg.ts` draws it.
 */
import { seen, type TlsFacts, type TurnFacts } from '../evidence/facts.js';
import type { EnvironmentRun, Observation, Path, State, Vantage } from '../evidence/run.js';
import { cellOf, claimOf, shownPaths, type Tone } from './path-proofs.js';

export interface Link {
  /** Absent: nothing is known of it, because something before it is broken or nobody asked. */
  readonly tone?: Tone;
  /** `1.5 ms`, `failed`. */
  readonly text?: string;
}

/** One way: from the vantage to a gate, and from there to the SFU. */
export interface Way {
  readonly name: Path | 'signalling';
  readonly note?: string;
  readonly near: Link;
  readonly far: Link;
}

export interface Box {
  readonly title: string;
  readonly lines: readonly string[];
}

export interface Gate extends Box {
  readonly ways: readonly Way[];
}

export interface Picture {
  readonly vantage: Box;
  readonly nat: Box & { readonly present: boolean };
  readonly gates: readonly Gate[];
  readonly sfu: Box & { readonly reached: boolean };
  /** The same in words. */
  readonly words: string;
}

const mostLines = 3;

export function pictureOf(environment: EnvironmentRun, vantage: Vantage): Picture {
  const gates = [ingress(environment), media(environment), turn(environment)].filter(({ ways }) => ways.length > 0);
  const sfu = server(environment);
  return { vantage: here(vantage), nat: nat(vantage), gates, sfu, words: wordsOf(gates) };
}

function here({ name, os, addresses }: Vantage): Box {
  return { title: name, lines: [os, ...some(addresses.length > 0 ? addresses : ['only the loopback'])] };
}

function nat({ natMapping, mapped }: Vantage): Picture['nat'] {
  const outside = mapped.udp ?? mapped.tcp;
  const lines = outside === undefined ? [] : ['seen as', withoutPort(outside)];
  if (natMapping === 'none') return { present: false, title: 'no NAT', lines };
  if (natMapping === 'unknown') return { present: false, title: 'NAT not known', lines };
  return { present: true, title: 'NAT', lines: [...natMapping.split(/(?<=-)/), ...lines] };
}

const withoutPort = (endpoint: string): string => endpoint.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');

function ingress({ url, observations }: EnvironmentRun): Gate {
  const tls = seen(observations, 'tls').find(({ facts }) => facts.role === 'signal');
  const signal = observations.find(({ id }) => id === 'signal');
  const names = observations.find(({ probe, facts }) => probe === 'dns' && facts.role === 'signal');
  const before = tls?.state ?? worst(observations.filter(({ probe }) => probe === 'tls' || probe === 'dns')) ?? 'ok';
  const near: Link =
    names?.state === 'failed' ? toneOf('failed') : signal?.state === 'ok' ? toneOf('ok') : toneOf(before);
  const far: Link = near.tone === 'good' ? toneOf(signal?.state) : {};
  return {
    title: 'Ingress',
    lines: [hostOf(url), ...(tls ? [endpoint(tls.facts)] : [])],
    ways: signal ? [{ name: 'signalling', near, far }] : [],
  };
}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : url);

const endpoint = ({ address, port, protocol }: TlsFacts): string =>
  [`${address}:${port}`, ...(protocol ? [protocol.replace('TLSv', 'TLS ')] : [])].join(' · ');

function media(environment: EnvironmentRun): Gate {
  const checks = [...seen(environment.observations, 'ice-udp'), ...seen(environment.observations, 'ice-tcp')];
  const lines = checks
    .filter(({ state, facts }) => facts.origin === 'advertised' || state === 'ok')
    .map(({ probe, state, facts: { address, port, origin } }) => {
      const said = origin === 'advertised' ? '' : ' instead';
      return `${state === 'ok' ? '✓' : '✗'} ${address}:${port} ${probe === 'ice-udp' ? 'UDP' : 'TCP'}${said}`;
    });
  const ways = shownPaths(environment)
    .filter((path) => path === 'udp' || path === 'tcp')
    .map((path): Way => {
      const near = link(environment, path);
      return { ...named(environment, path), near, far: near.tone === 'good' ? beyond(environment, path) : {} };
    });
  return { title: 'Media', lines: some(lines.length > 0 ? lines : ['no address is known']), ways };
}

function turn(environment: EnvironmentRun): Gate {
  const probes = ['turn-udp', 'turn-tcp', 'turn-tls'] as const;
  const servers = probes.flatMap((probe) => seen(environment.observations, probe));
  const lines = new Set(servers.map(({ facts }) => `${facts.host}:${facts.port}`));
  const ways = shownPaths(environment)
    .filter((path) => path.startsWith('turn-'))
    .map((path): Way => {
      const reach = link(environment, path);
      // It gave a relay, so what failed lies behind it.
      const relayed = servers.some(({ probe, facts }) => probe === path && (facts as TurnFacts).relayed !== undefined);
      const broken = reach.tone === 'bad' && relayed;
      const far = broken ? reach : reach.tone === 'good' ? beyond(environment, path) : {};
      return { ...named(environment, path), near: broken ? { tone: 'good' } : reach, far };
    });
  return { title: 'TURN', lines: some(lines.size > 0 ? [...lines] : ['not offered']), ways };
}

function named(environment: EnvironmentRun, name: Path): Pick<Way, 'name' | 'note'> {
  const note = claimOf(environment, name);
  return note ? { name, note } : { name };
}

function link(environment: EnvironmentRun, path: Path): Link {
  const { text, tone } = cellOf(environment, path, 'reach');
  // Nobody looked at it alone; but who met on it has come through.
  if (text === '') return toneOf(environment.paths[path]?.media ?? environment.paths[path]?.peer);
  return { ...(tone && { tone }), text: text.replace(/^[✓✗–] ?/, '') };
}

/** Whether people met on it, where that was tried. */
function beyond(environment: EnvironmentRun, path: Path): Link {
  const { peer, media: met, reach, forbidden } = environment.paths[path] ?? {};
  if (forbidden) return reach === 'ok' ? { tone: 'bad' } : {};
  const states = [peer, met].filter((state) => state !== undefined);
  return toneOf(states.find((state) => state === 'failed') ?? states.find((state) => state !== 'ok') ?? 'ok');
}

const tones: Record<State, Tone> = { ok: 'good', failed: 'bad', unreached: 'unsure', unsupported: 'unsure' };

function toneOf(state: State | undefined): Link {
  return state === undefined ? {} : { tone: tones[state], ...(state !== 'ok' && { text: state }) };
}

function worst(observations: readonly Observation[]): State | undefined {
  const states = observations.map(({ state }) => state);
  return states.find((state) => state === 'failed') ?? states.find((state) => state !== 'ok') ?? states[0];
}

function server({ observations }: EnvironmentRun): Picture['sfu'] {
  const join = seen(observations, 'signal')[0]?.facts.join;
  if (!join) return { title: 'SFU', lines: ['not reached'], reached: false };
  const { serverVersion, region, nodeId } = join;
  return { title: 'SFU', lines: [`livekit-server ${serverVersion}`, region, nodeId].filter(Boolean), reached: true };
}

function some(lines: readonly string[]): string[] {
  const more = lines.length - mostLines;
  return more > 1 ? [...lines.slice(0, mostLines), `and ${more} more`] : [...lines];
}

const said: Record<Tone, string> = { good: 'works', bad: 'fails', unsure: 'is not known' };

function wordsOf(gates: readonly Gate[]): string {
  const ways = gates.flatMap((gate) => gate.ways.map((way) => ({ gate, way })));
  return ways
    .map(({ gate, way: { name, near, far } }) => {
      const where = near.tone !== 'good' ? `to ${gate.title}` : far.tone !== 'good' ? `behind ${gate.title}` : '';
      const tone = near.tone !== 'good' ? near.tone : (far.tone ?? 'unsure');
      return `${name} ${said[tone ?? 'unsure']}${where && ` ${where}`}`;
    })
    .join('; ');
}
