/**
 * A folder with the run document of each check: one file for each environment, whose name says when, which and how it
 * ended, `2026-11-21T19-55-28.123Z.staging.pass.json`. So the last good one is found without opening the others.
 */
import { createHash } from 'node:crypto';
import { access, constants, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../evidence/files.js';
import { loadRun } from '../evidence/load.js';
import type { EnvironmentRun, Run, TrendRun } from '../evidence/run.js';
import { mostInTrend, trendRunOf } from './trend.js';

/** Some 100 KB each, so 10 MB for each environment; a check each hour for four days, or each night for three months. */
const mostRuns = 100;

export interface History {
  /** The newest run of this environment that passed; `before`: that began earlier, ISO 8601. */
  lastGood(environment: string, before?: string): Promise<Run | undefined>;
  /** The newest run of this environment. */
  newest(environment: string): Promise<Run | undefined>;
  /** The course of its newest runs, oldest first, at most 100. What cannot be read is left out. */
  trend(environment: string): Promise<TrendRun[]>;
  /** Names of the files are not the names of environments: these are those of the newest run of each. */
  environments(): Promise<string[]>;
  /** Keeps it, and forgets the oldest where there are too many, but never the last good one. Rejects as the file system does. */
  keep(run: Run): Promise<void>;
}

interface Entry {
  readonly file: string;
  /** As it stands in the file's name; the order of texts is the order of times. */
  readonly time: string;
  readonly slug: string;
  readonly good: boolean;
}

/** Makes the folder where it is missing. Rejects as the file system does where that, or to write there, is not possible. */
export async function openHistory(directory: string): Promise<History> {
  await mkdir(directory, { recursive: true });
  await access(directory, constants.W_OK);
  return readHistory(directory);
}

/** Of a folder that is there. */
export function readHistory(directory: string): History {
  const load = (entry: Entry | undefined): Promise<Run> | undefined => entry && loadRun(join(directory, entry.file));
  const entriesOf = async (environment: string): Promise<Entry[]> => {
    const slug = slugOf(environment);
    return (await entries(directory)).filter((entry) => entry.slug === slug);
  };
  /** By the name of a file, of each environment that was asked for: what was read once is not read again. */
  const courses = new Map<string, ReadonlyMap<string, TrendRun>>();
  return {
    async lastGood(environment, before) {
      const limit = before === undefined ? undefined : timeOf(before);
      const ours = await entriesOf(environment);
      return load(ours.findLast(({ good, time }) => good && (limit === undefined || time < limit)));
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
          known.set(fileOf(one, { ...one, name: environment }), one);
        }
      }
      const course = ours.flatMap(({ file }) => known.get(file) ?? []);
      courses.set(environment, new Map(course.map((one) => [fileOf(one, { ...one, name: environment }), one])));
      return course;
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
        const ours = await entriesOf(environment.name);
        const lastGood = ours.findLast(({ good }) => good);
        const old = ours.slice(0, Math.max(0, ours.length - mostRuns)).filter((entry) => entry !== lastGood);
        await Promise.all(old.map(({ file }) => rm(join(directory, file), { force: true })));
      }
    },
  };
}

type Named = Pick<EnvironmentRun, 'name' | 'verdict'>;

const fileOf = ({ startedAt }: Pick<Run, 'startedAt'>, { name, verdict }: Named): string =>
  `${timeOf(startedAt)}.${slugOf(name)}.${verdict}.json`;

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

const pattern = /^(?<time>\d{4}-\d\d-\d\dT[\d.-]+Z)\.(?<slug>[^.]+)\.(?<verdict>pass|fail|inconclusive)\.json$/;

/** Oldest first. What else is in the folder is nobody's business. */
async function entries(directory: string): Promise<Entry[]> {
  const found = (await readdir(directory)).flatMap((file): Entry[] => {
    const { time, slug, verdict } = pattern.exec(file)?.groups ?? {};
    return time && slug ? [{ file, time, slug, good: verdict === 'pass' }] : [];
  });
  return found.sort((a, b) => (a.time < b.time ? -1 : 1));
}
