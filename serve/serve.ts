/** Checks again and again, and tells whoever asks. */
import type { Finding } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { loud } from '../reporters/findings.js';
import { duration, period } from '../reporters/text.js';
import type { Settled } from '../run/confirm.js';
import type { Listen, Listening } from './http.js';
import type { Keeping, Served, Wanted } from './protocol.js';
import { type Limits, type RoundEvents, type State, startRounds } from './rounds.js';
import { startWorkers } from './workers.js';

export interface ServeOptions {
  readonly wanted: Wanted;
  /** Empty: nobody can ask. */
  readonly listen: readonly Listen[];
  readonly limits: Limits;
  readonly keeping?: Keeping;
  readonly version: string;
  /** What this place is called. Absent: by its host. */
  readonly vantage?: string;
  /** A line of what happened, without its time. */
  readonly log: (line: string) => void;
  /** Tells each run, and not only what changed. */
  readonly verbose?: boolean;
  /** Aborted: everything is closed, and it is over. */
  readonly signal: AbortSignal;
  /** Calls what it is given whenever the configuration is to be read again. */
  readonly onReload: (reload: () => void) => void;
}

/** Resolves once it was ended and all is closed. Rejects with what is wrong with the configuration or the address. */
export async function serve(options: ServeOptions): Promise<void> {
  const { wanted, listen, limits, keeping, version, vantage, log, signal } = options;
  const workers = startWorkers({ version, ...(vantage !== undefined && { vantage }) });
  let http: Listening | undefined;
  let environments: readonly Served[] = [];
  const told = events(log, options.verbose === true);
  const listeners: RoundEvents[] = [told];
  const rounds = startRounds({ workers, limits, ...(keeping && { keeping }), events: all(listeners) });
  try {
    const loading = workers.load(wanted);
    const { startMetrics } = await import('./metrics.js');
    const loaded = await loading;
    signal.throwIfAborted();
    const metrics = startMetrics(rounds, workers);
    listeners.push({
      onRun: metrics.ran,
      onSettled: (state) => {
        if (state.last?.settled.flapped) metrics.flapped(state);
      },
      onMissed: metrics.missed,
      onLost: ({ depth }) => metrics.lost(depth),
      onNotKept: metrics.notKept,
    });
    const use = ({ environments: found, notes }: typeof loaded): void => {
      environments = found;
      rounds.replace(found);
      metrics.reloaded(true);
      for (const note of notes) log(note);
    };
    if (listen.length > 0) {
      const [{ startHttp }, { answer }] = await Promise.all([import('./http.js'), import('./answers.js')]);
      const exporter = { version, rounds, metrics, environments: () => environments };
      http = await startHttp(listen, (asked) => answer(asked, exporter));
      for (const url of http.urls) log(`listening on ${url}`);
    }
    use(loaded);
    log(`checking ${loaded.environments.map(schedule).join('; ')}`);

    let reloading: Promise<void> = Promise.resolve();
    options.onReload(() => {
      reloading = reloading.then(async () => {
        if (signal.aborted) return;
        try {
          const again = await workers.load(wanted);
          // What would begin now, nobody would end.
          if (signal.aborted) return;
          use(again);
          log(`the configuration was read again: ${again.environments.map(schedule).join('; ')}`);
        } catch (error) {
          metrics.reloaded(false);
          log(`the configuration stays as it was, since the new one is wrong: ${(error as Error).message}`);
        }
      });
    });
    await aborted(signal);
  } finally {
    rounds.stop();
    await Promise.all([http?.stop(), workers.stop()]);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
}

function schedule({ name, periods }: Served): string {
  const each = Object.entries(periods).map(([depth, ms]) => `${depth} every ${period(ms)}`);
  return `${printable(name, 80)} (${each.join(', ') || 'only when it is asked for'})`;
}

function all(listeners: readonly RoundEvents[]): RoundEvents {
  return {
    onRun: (...told) => {
      for (const one of listeners) one.onRun(...told);
    },
    onSettled: (...told) => {
      for (const one of listeners) one.onSettled(...told);
    },
    onMissed: (...told) => {
      for (const one of listeners) one.onMissed(...told);
    },
    onLost: (...told) => {
      for (const one of listeners) one.onLost(...told);
    },
    onNotKept: (...told) => {
      for (const one of listeners) one.onNotKept(...told);
    },
  };
}

/** Lines for people: what changed, and what could not be done. */
function events(log: (line: string) => void, verbose: boolean): RoundEvents {
  const called = ({ environment, depth }: State): string => `${printable(environment.name, 80)} ${depth}`;
  const codes = (findings: readonly Finding[]): string =>
    loud(findings)
      .map(({ code }) => code)
      .join(', ');
  return {
    onRun(state, { verdict, durationMs, findings }) {
      if (verbose)
        log(`${called(state)}: a run: ${[verdict, codes(findings), duration(durationMs)].filter(Boolean).join(', ')}`);
    },
    onSettled(state, before) {
      const { settled } = state.last ?? {};
      if (!settled) return;
      if (settled.flapped) {
        log(
          `${called(state)}: flapping: failed (${codes(settled.unconfirmed) || 'no cause found'}), and passed at once when it was repeated`,
        );
      }
      if (!isSame(settled, before))
        log(`${called(state)}: ${[settled.verdict, codes(settled.findings)].filter(Boolean).join(': ')}`);
    },
    onMissed(state, slots, why) {
      const words = {
        running: 'the one before still goes on',
        waiting: 'the one before still waits for its turn',
        late: 'this machine slept or was too busy',
      };
      log(`${called(state)}: ${slots === 1 ? 'a check was' : `${slots} checks were`} missed: ${words[why]}`);
    },
    onLost: (state, why) => log(`${called(state)}: a check gave nothing: ${printable(why, 300)}`),
    onNotKept: (why) => log(`a run could not be kept: ${printable(why, 300)}`),
  };
}

function isSame(now: Settled, before: Settled | undefined): boolean {
  const named = ({ verdict, findings }: Settled): string =>
    [
      verdict,
      ...loud(findings)
        .map(({ code }) => code)
        .sort(),
    ].join(' ');
  return before !== undefined && named(now) === named(before);
}
