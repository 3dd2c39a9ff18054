/** Each case in a lab of its own, every contestant in the same network namespace, their order turned from round to round. */
import { fileURLToPath } from 'node:url';
import { requireLivekitServer } from '../fixtures/embedded/livekit-server.js';
import { openSandbox, type Sandbox } from '../fixtures/lab/sandbox.js';
import type { Case, ContestantName } from './cases.js';
import type { Joining } from './contestants/joining.js';
import type { OfficialCheck } from './contestants/official.js';
import type { OwnCheck } from './contestants/ours.js';
import type { PlainCall } from './contestants/plain.js';
import type { ToolRun } from './contestants/tools.js';
import type { Rounds } from './rounds.js';
import { type Spread, spread } from './spread.js';

/** How long it took to come to its answer, without the start of a browser, and what that was. */
export interface Sample {
  readonly ms: number;
  readonly says: string;
  /** It was right about whether calls come about by every way. */
  readonly right: boolean;
  readonly own?: OwnCheck;
}

export interface Row {
  readonly contestant: 'ours, wire' | ContestantName;
  readonly took: Spread;
  /** Of our check at depth media where both see media, else of that at depth wire. */
  readonly ratio: number;
  readonly right: number;
  readonly of: number;
  /** What it said, and how often. */
  readonly says: Readonly<Record<string, number>>;
}

export interface Compared {
  readonly name: string;
  readonly roundTripMs: number;
  readonly lossPercent: number;
  readonly healthy: boolean;
  readonly mark: { readonly text: string; readonly ms: number; readonly measured: Spread };
  readonly rows: readonly Row[];
  /** Of our run in the middle, at depth wire. */
  readonly steps: OwnCheck['steps'];
  /** Of that in the middle at depth media, where there was one. */
  readonly mediaSteps: OwnCheck['steps'];
  /** What the server took for a join, the round trip taken off: the first since its start, and those that follow. */
  readonly server: { readonly first: Spread; readonly next: Spread };
  /** Processor time of our process at depth wire. */
  readonly cpu: Spread;
}

type Contestant = Row['contestant'];
type Run = (sandbox: Sandbox, healthy: boolean) => Promise<Sample>;

const fileOf = (name: string): string => fileURLToPath(new URL(`./contestants/${name}.ts`, import.meta.url));

/** Runs a program of `contestants/` at the vantage; resolves with what it printed as JSON. */
export async function program<T>(sandbox: Sandbox, name: string, ...args: string[]): Promise<T> {
  const command = [process.execPath, ...process.execArgv, fileOf(name), ...args];
  const { code, output, complaint } = await sandbox.order({ do: 'exec-at-vantage', command });
  if (code !== 0) throw new Error(`${name} did not run: ${complaint.slice(-2000)}`);
  return JSON.parse(output) as T;
}

export const ownCheck = (sandbox: Sandbox, options: readonly string[], copies = 1): Promise<OwnCheck> =>
  program<OwnCheck>(sandbox, 'ours', JSON.stringify(options), String(copies));

const ours =
  (depth: 'wire' | 'media'): Run =>
  async (sandbox, healthy) => {
    const own = await ownCheck(sandbox, ['--depth', depth]);
    const [verdict = 'none'] = Object.keys(own.verdicts);
    const says = [verdict, ...own.codes].join(' ');
    return { ms: own.runMs, says, right: verdict === (healthy ? 'pass' : 'fail'), own };
  };

const sum = (all: readonly { readonly ms?: number }[]): number => all.reduce((total, { ms = 0 }) => total + ms, 0);

const contestants: Readonly<Record<Contestant, Run>> = {
  'ours, wire': ours('wire'),
  'ours, media': ours('media'),
  async ConnectionCheck(sandbox, healthy) {
    const checks = await program<OfficialCheck[]>(sandbox, 'official');
    const passed = checks.filter(({ status }) => ['success', 'skipped'].includes(status)).length;
    const says = `${passed} of ${checks.length} pass`;
    return { ms: sum(checks), says, right: (passed === checks.length) === healthy };
  },
  async 'plain Playwright'(sandbox, healthy) {
    const calls = await program<PlainCall[]>(sandbox, 'plain');
    const connected = calls.every((one) => one.connected);
    const says = calls.map((one) => `${one.policy} ${one.connected ? 'connects' : 'fails'}`).join(', ');
    return { ms: sum(calls), says, right: connected === healthy };
  },
  async 'terminal tools'(sandbox, healthy) {
    const runs = await program<ToolRun[]>(sandbox, 'tools');
    const tried = runs.filter(({ ms }) => ms !== undefined);
    const says = runs.map(({ name, ok }) => `${name} ${ok === undefined ? 'missing' : ok ? '✓' : '✗'}`).join(', ');
    return { ms: sum(tried), says, right: tried.every(({ ok }) => ok) === healthy };
  },
};

interface Round {
  readonly samples: Readonly<Partial<Record<Contestant, Sample>>>;
  readonly joining: Joining;
}

async function round(one: Case, number: number, livekitServer: string): Promise<Round> {
  const { topology, faults, vantage, roundTripMs, lossPercent, healthy } = one;
  const sandbox = await openSandbox({
    topology,
    vantage,
    faults: [...faults],
    livekitServer,
    ...(roundTripMs > 0 && { roundTripMs }),
    ...(lossPercent > 0 && { lossPercent }),
  });
  const samples: Partial<Record<Contestant, Sample>> = {};
  try {
    // The first join since a server's start takes it far longer; nobody is to be measured by that, whose turn it is first.
    const joining = await program<Joining>(sandbox, 'joining');
    const everybody: Contestant[] = ['ours, wire', ...one.contestants];
    const from = number % everybody.length;
    for (const name of [...everybody.slice(from), ...everybody.slice(0, from)]) {
      samples[name] = await contestants[name](sandbox, healthy);
    }
    return { samples, joining };
  } finally {
    await sandbox.close();
  }
}

const middle = (samples: readonly Sample[]): OwnCheck['steps'] =>
  [...samples].sort((a, b) => a.ms - b.ms)[Math.floor(samples.length / 2)]?.own?.steps ?? [];

function compared(one: Case, rounds: readonly Round[]): Compared {
  const of = (name: Contestant): Sample[] => rounds.flatMap(({ samples }) => samples[name] ?? []);
  const server = (ms: (joining: Joining) => number): Spread =>
    spread(rounds.map(({ joining }) => Math.max(0, ms(joining) - joining.connectMs)));
  const wire = of('ours, wire');
  const media = of('ours, media');
  const rows = (['ours, wire', ...one.contestants] as const).map((contestant): Row => {
    const samples = of(contestant);
    const took = spread(samples.map(({ ms }) => ms));
    const seesMedia = contestant !== 'terminal tools' && contestant !== 'ours, wire' && media.length > 0;
    const base = spread((seesMedia ? media : wire).map(({ ms }) => ms));
    const says: Record<string, number> = {};
    for (const sample of samples) says[sample.says] = (says[sample.says] ?? 0) + 1;
    const right = samples.filter((sample) => sample.right).length;
    return { contestant, took, ratio: took.medianMs / base.medianMs, right, of: samples.length, says };
  });
  const { name, roundTripMs, lossPercent, healthy, mark } = one;
  const measured = spread(wire.flatMap(({ ms, own }) => (mark.ofRefusal ? (own?.refusedMs ?? []) : ms)));
  return {
    name,
    roundTripMs,
    lossPercent,
    healthy,
    mark: { text: mark.text, ms: mark.ms(roundTripMs), measured },
    rows,
    steps: middle(wire),
    mediaSteps: middle(media),
    server: { first: server(({ firstMs }) => firstMs), next: server(({ nextMs }) => nextMs) },
    cpu: spread(wire.flatMap(({ own }) => own?.cpuMs ?? [])),
  };
}

export const linkOf = ({ roundTripMs, lossPercent }: Pick<Case, 'roundTripMs' | 'lossPercent'>): string =>
  [`${roundTripMs} ms`, ...(lossPercent > 0 ? [`${lossPercent} % lost`] : [])].join(', ');

const keyOf = (one: Case): string => `compared: ${one.name}, ${linkOf(one)}`;

export async function compareAll(
  cases: readonly Case[],
  wanted: number,
  rounds: Rounds,
  onProgress: (line: string) => void,
): Promise<Compared[]> {
  const livekitServer = await requireLivekitServer();
  for (let number = 0; number < wanted; number++) {
    for (const one of cases.filter((one) => rounds.of(keyOf(one)).length <= number)) {
      const where = `round ${number + 1} of ${wanted}: ${one.name}, ${linkOf(one)}`;
      try {
        const measured = await round(one, number, livekitServer);
        rounds.add(keyOf(one), measured);
        const times = Object.entries(measured.samples)
          .map(([name, { ms }]) => `${name} ${Math.round(ms)} ms`)
          .join(', ');
        onProgress(`${where}: ${times}`);
      } catch (error) {
        // The others go on; the case has a round less, which its row says.
        onProgress(`✗ ${where}: ${(error as Error).message}`);
      }
    }
  }
  return cases.flatMap((one) => {
    const measured = rounds.of<Round>(keyOf(one));
    return measured.length > 0 ? [compared(one, measured)] : [];
  });
}
