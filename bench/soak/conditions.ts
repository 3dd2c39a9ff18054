/** Under what a healthy deployment is checked over and over. */
import { availableParallelism } from 'node:os';
import { choose } from '../../fixtures/lab/choose.js';
import type { Job } from '../../fixtures/lab/inside.js';
import type { SoakDepth } from '../../fixtures/soak/lines.js';

export interface Condition {
  readonly name: string;
  readonly summary: string;
  /** The labs, in turns; absent: the command `check embedded`, which starts its own server. */
  readonly labs?: readonly Omit<Job, 'livekitServer'>[];
  /** Runs of one lab: then the next condition has its turn, so that a soak that is cut short has seen all. */
  readonly block: Readonly<Record<SoakDepth, number>>;
  /** Environments that one process checks at the same time. */
  readonly atOnce: Readonly<Record<SoakDepth, number>>;
  /** Processes that do nothing but use a processor, all the time. */
  readonly hogs: number;
}

/** Chromium trusts the lab's CA only where the environment names it. */
const trusted = ['healthy/private-ca'];
const plain: Omit<Job, 'livekitServer'> = { topology: 'plain', vantage: 'open', faults: trusted };

function condition(name: string, summary: string, rest: Partial<Condition> = {}): Condition {
  return {
    name,
    summary,
    labs: [plain],
    block: { wire: 200, media: 8 },
    atOnce: { wire: 1, media: 1 },
    hogs: 0,
    ...rest,
  };
}

const lossy = (lossPercent: number): Condition =>
  condition(`loss-${lossPercent}`, `${lossPercent} % of the packets are lost, each way`, {
    labs: [{ ...plain, lossPercent }],
    // Most of the time it waits for what was lost.
    atOnce: { wire: 4, media: 1 },
  });

const slow = (roundTripMs: number): Condition =>
  condition(`delay-${roundTripMs}`, `a round trip of ${roundTripMs} ms`, {
    labs: [{ ...plain, vantage: 'slow', roundTripMs }],
    atOnce: { wire: 4, media: 1 },
  });

const everyPlace = (choose('healthy', {}) ?? [])
  .filter(({ faults }) => faults.length === 0)
  .map(({ topology, vantage }) => ({ topology, vantage, faults: trusted }));

export const conditions: readonly Condition[] = [
  condition('quiet', 'nothing in the way, one check after another'),
  ...[1, 5, 10].map(lossy),
  ...[50, 200, 600].map(slow),
  condition('busy', `two other processes for each core use all the processor that they get`, {
    hogs: 2 * availableParallelism(),
  }),
  condition('many', 'many environments in one process: 100 at depth wire, 4 at depth media', {
    atOnce: { wire: 100, media: 4 },
  }),
  condition('everywhere', 'each topology of the lab from each vantage that is healthy, in turns', {
    labs: everyPlace,
    block: { wire: 20, media: 2 },
  }),
  condition('embedded', 'the whole command with its own server, a process for each run', {
    labs: undefined,
    block: { wire: 20, media: 2 },
  }),
];
