/**
 * A folder with the run document of each check: one file for each environment, whose name says when, which, how deeply
 * where that is not `media`, and how it ended: `2026-11-21T19-55-28.123Z.staging.wire.pass.json`. So the last good one is
 * found without opening the others. Runs of different depths are never compared.
 */
import { createHash } from 'node:crypto';
import { access, constants, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sweepAbandoned, writeAtomically } from '../evidence/files.js';
import { loadRun } from '../evidence/load.js';
import { type Depth, depths, type EnvironmentRun, type Run, type TrendRun, type Verdict } from '../evidence/run.js';
import { forgotten } from './thinning.js';
import { mostInTrend, trendRunOf } from './trend.js';

/** How long runs are kept where nobody says. */
const usualKeepMs = 90 * 86_400_000;
/** Runs come every few seconds, and the folder holds thousands of files. */
const forgetEveryMs = 60_000;

export interface History {
  /** The newest run of this environment that passed; `before`: that began earlier, ISO 8601. */
  lastGood(environment: string, before?: string): Promise<Run | undefined>;
  /** The newest run of this environment. */
  newest(environment: string): Promise<Run | undefined>;
  /** The course of its newest runs, oldest first, at most 100. What cannot be read is left out. */
  trend(environment: string): Promise<TrendRun[]>;
  /** Names of the files are not the names of environments: these are those of the newest run of each. */
  environments(): Promise<string[]>;
  /** Keeps it, and forgets what `thinning.ts` says, now and then. Rejects as the file system does. */
  keep(run: Run): Promise<void>;
}

interface Entry {
  readonly file: string;
  /** As it stands in the file's name; the order of texts is the order of times. */
  readonly time: string;
  readonly slug: string;
  readonly depth: Depth;
  readonly startedAt: string;
  readonly verdict: Verdict;
}

export interface Folder {
  /** Only runs of this depth. Absent: of any. */
  readonly depth?: Depth;
  /** How long runs are kept. */
  readonly keepMs?: number;
  /** Unix time in milliseconds. Absent: the clock's. */
  readonly now?: () => number;
}

/** Makes the folder where it is missing. Rejects as the file system does where that, or to write there, is not possible. */
export async function openHistory(directory: string, folder: Folder = {}): Promise<History> {
  await mkdir(directory, { recursive: true });
  await access(directory, constants.W_OK);
  await sweepAbandoned(directory, (name) => pattern.test(name));
  return readHistory(directory, folder);
}

/** Of a folder that is there. */
export function readHistory(directory: string, { depth, keepMs = usualKeepMs, now = Date.now }: Folder = {}): History {
  const load = (entry: Entry | undefined): Promise<Run> | undefined => entry && loadRun(join(directory, entry.file));
  const entriesOf = async (environment: string): Promise<Entry[]> => {
    const slug = slugOf(environment);
    return (await entries(directory, slug)).filter((entry) => entry.slug === slug && (!depth || entry.depth === depth));
  };
  let forgotAt = Number.NEGATIVE_INFINITY;
  /** By the name of a file, of each environment that was asked for: what was read once is not read again. */
  const courses = new Map<string, ReadonlyMap<string, TrendRun>>();
  return {
    async lastGood(environment, before) {
      const limit = before === undefined ? undefined : timeOf(before);
      const ours = await entriesOf(environment);
      return load(ours.findLast(({ verdict, time }) => verdict === 'pass' && (limit === undefined || time < limit)));
    },
    newest: async (environment) => load((await entriesOf(environment)).at(-1)),
    async trend(environment) {
      const ours = (await entriesOf(environment)).slice(-mostInTrend);
      const known = new Map(courses.get(environment));
      for (const entry of [...ours].reverse()) {
        if (known.has(entry.file)) continue;
        const run = await Promise.resolve(load(entry)).catch(() => undefined);
        const kept = run?.environments.find(({ name }) => name === environment);
        if (!run || !kept) continue;
        // Most tell of those before them, which need not be opened then.
        for (const one of [...(kept.trend ?? []), trendRunOf(run, kept)]) {
          known.set(fileOf(one, { ...one, name: environment, asked: entry }), one);
        }
      }
      const course = new Map(
        ours.flatMap(({ file }) => {
          const one = known.get(file);
          return one ? [[file, one] as const] : [];
        }),
      );
      courses.set(environment, course);
      return [...course.values()];
    },
    async environments() {
      const newest = new Map((await entries(directory)).map((entry) => [entry.slug, entry]));
      const runs = await Promise.all([...newest.values()].map(load));
      return runs.flatMap((run) => run?.environments.map(({ name }) => name) ?? []);
    },
    async keep(run) {
      for (const environment of run.environments) {
        const document: Run = { ...run, environments: [environment] };
        await writeAtomically(join(directory, fileOf(run, environment)), `${JSON.stringify(document)}\n`);
      }
      const nowMs = now();
      if (nowMs - forgotAt < forgetEveryMs) return;
      forgotAt = nowMs;
      // Of environments that are not checked any more, too.
      const groups = new Map<string, Entry[]>();
      for (const entry of await entries(directory)) {
        const group = `${entry.slug} ${entry.depth}`;
        const ours = groups.get(group);
        if (ours) ours.push(entry);
        else groups.set(group, [entry]);
      }
      for (const ours of groups.values()) {
        const old = forgotten(ours, { keepMs, nowMs });
        await Promise.all(old.map(({ file }) => rm(join(directory, file), { force: true })));
      }
    },
  };
}

type Named = Pick<EnvironmentRun, 'name' | 'verdict'> & { readonly asked: { readonly depth: Depth } };

const fileOf = ({ startedAt }: Pick<Run, 'startedAt'>, { name, asked, verdict }: Named): string =>
  `${timeOf(startedAt)}.${slugOf(name)}.${asked.depth === 'media' ? '' : `${asked.depth}.`}${verdict}.json`;

/** Colons may not stand in the names of files everywhere. */
const timeOf = (iso: string): string => iso.replaceAll(':', '-');

/** An environment may be called by its host and path. Two names never become the same. */
function slugOf(name: string): string {
  const slug = encodeURIComponent(name).replaceAll('.', '%2E').replaceAll('*', '%2A');
  // A file's name may have 255 bytes.
  return slug.length <= 160
    ? slug
    : `${slug.slice(0, 140)}-${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
}

const pattern = new RegExp(
  String.raw`^(?<time>(?<day>\d{4}-\d\d-\d\d)T(?<clock>[\d.-]+Z))\.(?<slug>[^.]+)` +
    String.raw`(?:\.(?<depth>${depths.join('|')}))?\.(?<verdict>pass|fail|inconclusive)\.json$`,
);

/** Oldest first. What else is in the folder is nobody's business; of thousands, only what bears the `slug` is looked at. */
async function entries(directory: string, slug = ''): Promise<Entry[]> {
  const files = (await readdir(directory)).filter((file) => file.includes(`.${slug}`));
  const found = files.flatMap((file): Entry[] => {
    const { time, day, clock, slug: of, depth = 'media', verdict } = pattern.exec(file)?.groups ?? {};
    if (!time || !of) return [];
    const startedAt = `${day}T${clock?.replaceAll('-', ':')}`;
    return [{ file, time, slug: of, depth: depth as Depth, startedAt, verdict: verdict as Verdict }];
  });
  return found.sort((a, b) => (a.time < b.time ? -1 : 1));
}
