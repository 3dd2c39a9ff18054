/**
 * `livekit-doctor/reporter`, for Playwright: writes the run document of what the tests of `livekit-doctor/playwright` saw,
 * and says what is wrong: `reporter: [['html'], ['livekit-doctor/reporter', { outputFile: 'run.json' }]]`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import pc from 'picocolors';
import type { FullConfig, FullResult, Reporter, TestResult } from 'playwright/types/testReporter';
import { diagnose } from '../diagnosis/index.js';
import { redactor } from '../evidence/redaction.js';
import {
  allPaths,
  type EnvironmentRun,
  type Observation,
  type Path,
  type Run,
  schemaVersion,
} from '../evidence/run.js';
import { shifted } from '../evidence/times.js';
import { renderRun } from './console.js';
import { askedBy, evidenceName, type TestEvidence } from './playwright-evidence.js';

export interface PlaywrightReporterOptions {
  /** For the run document; below the folder of the configuration. Absent: none is written. */
  readonly outputFile?: string;
}

/** What was told of one environment. */
interface Told {
  last: TestEvidence;
  wire: readonly Observation[];
  /** By id: of several attempts the last counts. */
  readonly tried: Map<string, Observation>;
}

const columns = 100;

/** Called with `new` by Playwright. */
export default function PlaywrightReporter({ outputFile }: PlaywrightReporterOptions = {}): Reporter {
  const evidences: TestEvidence[] = [];
  let folder = '.';
  return {
    onBegin(config: FullConfig) {
      folder = config.configFile ? dirname(config.configFile) : config.rootDir;
    },
    onTestEnd(_test, result: TestResult) {
      evidences.push(...evidencesOf(result));
    },
    // Of shards that are merged the times are theirs, and nothing else knows them.
    onEnd({ startTime, duration }: FullResult) {
      const run = runOf(evidences, startTime, duration);
      if (!run) return;
      if (outputFile !== undefined) {
        const file = resolve(folder, outputFile);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, `${JSON.stringify(run, null, 2)}\n`);
      }
      console.log(`\n${renderRun(run, { columns, colour: pc.isColorSupported })}`);
    },
    // So that Playwright goes on to show the tests as they come.
    printsToStdio: () => false,
  };
}

function evidencesOf({ attachments }: Pick<TestResult, 'attachments'>): TestEvidence[] {
  return attachments.flatMap(({ name, body }) =>
    name === evidenceName && body ? [JSON.parse(body.toString('utf8')) as TestEvidence] : [],
  );
}

function take(told: Map<string, Told>, evidence: TestEvidence, startedAt: Date): void {
  const { name } = evidence.environment;
  const laterMs = Date.parse(evidence.startedAt) - startedAt.getTime();
  const known = told.get(name) ?? { last: evidence, wire: [], tried: new Map() };
  told.set(name, known);
  known.last = evidence;
  // A worker that came later, as after a failure, has looked again.
  if (evidence.wire) known.wire = shifted(evidence.wire, laterMs);
  for (const one of shifted(evidence.tried, laterMs)) known.tried.set(one.id, one);
}

/** Undefined where no test told anything. */
function runOf(evidences: readonly TestEvidence[], startedAt: Date, durationMs: number): Run | undefined {
  const [first] = evidences;
  if (!first) return undefined;
  const { tool, vantage } = first;
  const told = new Map<string, Told>();
  // One shard after the other is told, which ran at the same time.
  const inTime = [...evidences].sort((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
  for (const evidence of inTime) take(told, evidence, startedAt);
  const run: Run = {
    schemaVersion,
    tool,
    startedAt: startedAt.toISOString(),
    durationMs,
    vantage,
    environments: [...told.values()].map(environmentOf),
  };
  // Nothing secret is in it; what looks like a token would not be, either.
  return redactor().json(run);
}

function environmentOf({ last, wire, tried }: Told): EnvironmentRun {
  const { name, url, claims } = last.environment;
  const observations = [...wire, ...tried.values()].sort((a, b) => a.startMs - b.startMs);
  observations.push(...notRun(tried, observations.at(-1)?.endMs ?? 0));
  const evidence = { claims, asked: askedBy([...tried.values()], last.wireProbes), url, observations };
  const durationMs = Math.max(...observations.map(({ endMs }) => endMs)) - (observations[0]?.startMs ?? 0);
  return { name, durationMs, ...evidence, ...diagnose(evidence) };
}

/** Where some paths were tried in browsers, nothing is known of the others, and it is not the server's doing. */
function notRun(tried: ReadonlyMap<string, Observation>, atMs: number): Observation[] {
  const has = (path: Path): boolean => tried.has(`media:${path}`);
  if (!allPaths.some(has)) return [];
  return allPaths
    .filter((path) => path !== 'turn-tcp' && !has(path))
    .map((path) => ({
      id: `media:${path}`,
      probe: 'media',
      state: 'unreached',
      startMs: atMs,
      endMs: atMs,
      facts: { path },
      waitedFor: 'a test that was not run',
    }));
}
