/** What is being done as it happens: lines that are rewritten in place on a terminal, plain lines elsewhere. */
import pc from 'picocolors';
import { printable } from '../evidence/text.js';
import { crowdLines, type Followed } from './crowd.js';
import { stateMarks } from './findings.js';
import type { Reporter, ReporterOptions } from './reporter.js';
import { matters, renderStages, type Stages, sentence, stageOf } from './stages.js';
import { duration } from './text.js';
import { verdictMarks } from './trouble.js';

const redrawEveryMs = 100;
/** Of a terminal that does not say how many it has. */
const fewestRows = 24;

export interface Progress extends Reporter {
  /** Leaves what is on the screen as it stands, and writes no more. */
  stop(): void;
}

/** Writes to `progress` only. It is no report, so it has no name to choose it by. */
export function progress({ progress: output }: Pick<ReporterOptions, 'progress'>): Progress {
  return output.isTTY ? live(output) : plain(output);
}

function checking(environments: readonly { name: string; url: string }[]): string {
  return environments.map(({ name, url }) => `Checking ${printable(name)}  ${printable(url)}\n`).join('');
}

function plain(output: ReporterOptions['progress']): Progress {
  const colours = pc.createColors(output.colour);
  let several = false;
  let stopped = false;
  const reasons = new Set<string>();
  const say = (environment: string, text: string) => {
    if (!stopped) output.write(`${several ? `${printable(environment)}  ` : ''}${text}\n`);
  };
  return {
    onStart(environments) {
      several = environments.length > 1;
      output.write(checking(environments));
    },
    onObservation(environment, observation) {
      if (!matters(observation)) return;
      const { state, failure } = observation;
      // Without a browser no path has media, which need not be said four times.
      if (state === 'unsupported') {
        const reason = `${environment} ${failure?.message}`;
        if (reasons.has(reason)) return;
        reasons.add(reason);
      }
      const took = duration(Math.max(0, observation.endMs - observation.startMs));
      const mark = stateMarks[state];
      const paint = state === 'ok' ? colours.green : state === 'failed' ? colours.red : colours.yellow;
      say(environment, `${paint(mark)} ${sentence(observation)} ${colours.dim(`(${took})`)}`);
    },
    onEnvironment({ name, verdict, durationMs }) {
      if (several) say(name, `${verdictMarks[verdict]} ${verdict} in ${duration(durationMs)}`);
    },
    onRepeat({ name, verdict }) {
      say(name, `${verdictMarks[verdict]} ${verdict}: checked again at once`);
    },
    onEnd() {
      output.write('\n');
    },
    stop() {
      stopped = true;
    },
  };
}

function live(output: ReporterOptions['progress']): Progress {
  const colours = pc.createColors(output.colour);
  const environments = new Map<string, Followed>();
  let began = performance.now();
  let drawn = 0;
  const now = () => performance.now() - began;
  // What has left the screen at its top cannot be rewritten. One is the cursor's.
  const rows = () => Math.max(2, (output.rows ?? fewestRows) - 1);

  const lines = (): string[] => {
    const width = Math.max(20, output.columns - 1);
    if (environments.size === 1) {
      return [...environments.values()].flatMap(({ stages }) => renderStages(stages, now(), width, colours));
    }
    return crowdLines(environments, now(), rows(), width, colours);
  };
  const draw = () => {
    const next = lines();
    const up = drawn > 0 ? `\u001b[${drawn}A` : '';
    output.write(`${up}${next.map((line) => `\u001b[2K${line}\n`).join('')}\u001b[J`);
    drawn = next.length;
  };
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    if (!timer) return;
    clearInterval(timer);
    timer = undefined;
  };
  const of = (name: string): Stages => {
    const known = environments.get(name) ?? { stages: new Map() };
    environments.set(name, known);
    return known.stages;
  };
  return {
    onStart(all) {
      began = performance.now();
      for (const { name } of all) of(name);
      output.write(all.length > rows() ? `Checking ${all.length} environments\n` : checking(all));
      timer = setInterval(draw, redrawEveryMs);
      timer.unref();
    },
    onTarget(environment, probe, id) {
      stageOf(of(environment), probe).looking.set(id, now());
    },
    onObservation(environment, observation) {
      const stage = stageOf(of(environment), observation.probe);
      stage.looking.delete(observation.id);
      stage.seen.push(observation);
    },
    onEnvironment({ name, verdict, durationMs }) {
      const known = environments.get(name);
      if (known) known.done = { verdict, durationMs };
    },
    onRepeat({ name, verdict }) {
      if (environments.size === 1 && timer) {
        // What was seen the first time stays above.
        draw();
        drawn = 0;
        output.write(`${verdictMarks[verdict]} ${verdict}: checked again at once\n`);
      }
      environments.set(name, { stages: new Map() });
    },
    onEnd() {
      if (timer) draw();
      stop();
      output.write('\n');
    },
    stop,
  };
}
