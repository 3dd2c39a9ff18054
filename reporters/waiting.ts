/** The story of a wait: one line for each change of its reason; on a terminal the last one is kept up to date. */
import pc from 'picocolors';
import type { Depth, EnvironmentRun } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import type { Output } from './reporter.js';
import { cut } from './text.js';

export interface Waiting {
  begin(environments: readonly { name: string; url: string }[], timeoutMs: number): void;
  /** It does not pass yet. */
  reason(environment: EnvironmentRun): void;
  /** A quick look has found nothing more. */
  ready(environment: string): void;
  /** A whole check begins. */
  whole(): void;
  /** `hopeless`: waiting does not help against what is left. */
  end(how: 'passed' | 'over' | 'hopeless'): void;
  /** Leaves what is on the screen as it stands, and writes no more. */
  stop(): void;
}

export interface WaitingOptions {
  readonly progress: Output;
  /** Of the whole check. */
  readonly depth: Depth;
  /** Monotonic, in milliseconds. */
  now?(): number;
}

/** What keeps an environment from passing. Reasons with the same key are one, though some number in it changes. */
interface Reason {
  readonly key: string;
  readonly text: string;
}

interface Line extends Reason {
  readonly sinceMs: number;
  /** A quick look found it, so that another one can find that it is over. */
  readonly quick: boolean;
}

const redrawEveryMs = 500;
/** Of a terminal that does not say how many it has. */
const fewestRows = 24;
const longestText = 600;

/** `12 s`, `2 min 5 s`: whole seconds, for nobody waits for less. */
function age(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** From what is nearest to the root. */
function reasonOf({ verdict, findings, paths }: EnvironmentRun): Reason {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const [first, ...others] = errors.length > 0 ? errors : findings.filter(({ severity }) => severity === 'warning');
  if (!first) {
    const required = Object.entries(paths).flatMap(([path, { required }]) => (required ? [path] : []));
    return { key: verdict, text: `${required.join(', ') || 'no path'} not proven (${verdict})` };
  }
  const { code, summary, args } = first;
  const codes = [...new Set(others.map((other) => other.code))].filter((other) => other !== code);
  const also = codes.length > 0 ? `; also ${codes.join(', ')}` : '';
  const text = printable(`${summary.replace(/\.$/, '')} (${code}${also})`, longestText);
  return { key: JSON.stringify([code, args.target, args.addresses]), text };
}

/** The code, which stands at the end, is what can be looked up. */
function shorten(text: string, columns: number): string {
  const at = text.lastIndexOf(' (');
  const code = at < 0 ? '' : text.slice(at);
  return code.length > columns / 2
    ? cut(text, columns)
    : cut(text.slice(0, text.length - code.length), columns - code.length) + code;
}

/** Writes to `progress` only. */
export function waiting({ progress, depth, now = () => performance.now() }: WaitingOptions): Waiting {
  const colours = pc.createColors(progress.colour);
  /** What is said of each environment now, in their order. */
  const lines = new Map<string, Line | undefined>();
  let beganMs = now();
  let drawn = 0;
  let timer: NodeJS.Timeout | undefined;
  /** Something has changed since the last time that a whole check was spoken of. */
  let news = true;
  let stopped = false;

  const since = (atMs: number): string => age(atMs - beganMs);
  const named = (name: string): string => (lines.size > 1 ? `${printable(name)}: ` : '');
  const told = (name: string, { sinceMs, text }: Line): string => `${since(sinceMs)}: ${named(name)}${text}`;
  const erase = (): void => {
    if (drawn > 0) progress.write(`\u001b[${drawn}A\u001b[J`);
    drawn = 0;
  };
  const draw = (): void => {
    if (!timer) return;
    erase();
    const width = Math.max(20, progress.columns - 1);
    const current = [...lines].flatMap(([name, line]) =>
      line ? [`… ${shorten(told(name, line), width - 18)}  ${colours.dim(`for ${age(now() - line.sinceMs)}`)}`] : [],
    );
    // What has left the screen at its top could not be rewritten.
    const most = Math.max(2, (progress.rows ?? fewestRows) - 1);
    const fitting =
      current.length > most ? [...current.slice(0, most - 1), `  and ${current.length - most + 1} more`] : current;
    const shown = fitting.length > 0 ? fitting : [`… ${since(now())}`];
    progress.write(shown.map((line) => `${line}\n`).join(''));
    drawn = shown.length;
  };
  /** On a terminal what was said before stays above what is said now. */
  const say = (text: string): void => {
    if (stopped) return;
    erase();
    progress.write(`${text}\n`);
    draw();
  };
  const change = (name: string, line: Line | undefined): void => {
    const before = lines.get(name);
    lines.set(name, line);
    if (progress.isTTY) {
      if (before && before.key !== line?.key) say(`${told(name, before)}, for ${age(now() - before.sinceMs)}`);
      else draw();
    } else if (line && before?.key !== line.key) say(told(name, line));
  };
  const stop = (): void => {
    stopped = true;
    clearInterval(timer);
    timer = undefined;
  };

  return {
    begin(environments, timeoutMs) {
      beganMs = now();
      for (const { name } of environments) lines.set(name, undefined);
      for (const { name, url } of environments) {
        progress.write(`Waiting for ${printable(name)}  ${printable(url)}, at most ${age(timeoutMs)}\n`);
      }
      if (!progress.isTTY) return;
      timer = setInterval(draw, redrawEveryMs);
      timer.unref();
      draw();
    },
    reason({ name, ...found }) {
      const reason = reasonOf({ name, ...found });
      const before = lines.get(name);
      const sinceMs = before?.key === reason.key ? before.sinceMs : now();
      change(name, { ...reason, sinceMs, quick: found.asked.zoneFirst === true });
    },
    ready(name) {
      // What only a whole check has seen is not over because the wire works.
      if (lines.get(name)?.quick === false) return;
      // Nothing was wrong, or is any more.
      news = true;
      change(name, undefined);
      if (lines.size > 1) say(`${since(now())}: ${named(name)}works on the wire`);
    },
    whole() {
      if (!news) return;
      news = false;
      const next = depth === 'wire' ? 'once more, as a whole' : `now every path, up to ${depth}`;
      say(`${since(now())}: ${lines.size > 1 ? 'all work' : 'works'} on the wire; ${next}`);
    },
    end(how) {
      const at = since(now());
      const left = [...lines].flatMap(([name, line]) => (line ? [`since ${told(name, line)}`] : []));
      erase();
      stop();
      if (how === 'passed') progress.write(`${colours.green('✓')} ${at}: passed\n\n`);
      else {
        const why = how === 'over' ? 'the time is over' : 'waiting does not help';
        progress.write(`${colours.red('✗')} ${at}: ${why}; ${left.join('\n  ')}\n\n`);
      }
    },
    stop,
  };
}
