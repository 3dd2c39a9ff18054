/** What Prometheus is told: the last settled result of each scheduled check, and how the exporter itself is. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type Depth, depths, type EnvironmentRun, type Finding, type Run } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { registryOf } from '../reporters/prometheus.js';
import type { Rounds, State } from './rounds.js';
import type { Workers } from './workers.js';

export interface Metrics {
  ran(state: State, run: EnvironmentRun): void;
  flapped(state: State): void;
  missed(state: State, slots: number): void;
  lost(depth: Depth): void;
  notKept(): void;
  reloaded(worked: boolean): void;
  probed(depth: Depth, outcome: 'pass' | 'fail' | 'inconclusive' | 'timeout' | 'lost' | 'refused'): void;
  /** In Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

const labels = (state: Pick<State, 'environment' | 'depth'>): { environment: string; depth: string } => ({
  environment: printable(state.environment.name, 200),
  depth: state.depth,
});

/** The result that counts: with the verdict and the findings that a second run confirmed. */
export function settledRun({ last }: Pick<State, 'last'>): Run | undefined {
  if (!last) return undefined;
  const { verdict, findings } = last.settled;
  return {
    ...last.run,
    environments: last.run.environments.map((one) => ({ ...one, verdict, findings: [...findings] })),
  };
}

export function startMetrics(rounds: Rounds, workers: Workers): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const about = ['environment', 'depth'] as const;
  const made = (name: string, help: string) => ({ name: `livekit_doctor_${name}`, help, registers: [registry] });
  const runs = new Counter({
    ...made('runs_total', 'Scheduled runs, by their verdict; those that only confirm, too.'),
    labelNames: [...about, 'verdict'],
  });
  const flaps = new Counter({
    ...made('flaps_total', 'How often a check failed and passed at once when it was repeated.'),
    labelNames: about,
  });
  const missed = new Counter({
    ...made('slots_missed_total', 'Checks that were not made when they were due.'),
    labelNames: about,
  });
  const lost = new Counter({ ...made('runs_lost_total', 'Runs that gave nothing.'), labelNames: ['depth'] });
  // So that an increase is seen from the first one on.
  for (const depth of depths) lost.inc({ depth }, 0);
  const probes = new Counter({
    ...made('probes_total', 'Checks on demand, by what came of them.'),
    labelNames: ['depth', 'outcome'],
  });
  const notKept = new Counter(made('history_failures_total', 'Runs that could not be kept in the history.'));
  const took = new Histogram({
    ...made('run_duration_seconds', 'How long scheduled runs took.'),
    labelNames: ['depth'],
    buckets: [0.05, 0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 20, 60, 120],
  });
  const reloadWorked = new Gauge(
    made('config_last_reload_successful', '1 if the last reading of the configuration succeeded.'),
  );
  const reloadedAt = new Gauge(
    made('config_last_reload_success_timestamp_seconds', 'When the configuration was last read with success.'),
  );
  new Gauge({
    ...made('schedule_period_seconds', 'How often it is checked.'),
    labelNames: about,
    collect() {
      this.reset();
      for (const state of rounds.states) this.set(labels(state), state.periodMs / 1000);
    },
  });
  new Gauge({
    ...made('verdict_since_timestamp_seconds', 'Since when the verdict is what it is.'),
    labelNames: about,
    collect() {
      this.reset();
      for (const { last, ...state } of rounds.states) {
        if (last) this.set(labels(state), Date.parse(last.since) / 1000);
      }
    },
  });
  new Gauge({
    ...made('finding_unconfirmed', '1 for each finding of the last check that its repetition did not confirm.'),
    labelNames: [...about, 'code', 'severity', 'target'],
    collect() {
      this.reset();
      for (const { last, ...state } of rounds.states) {
        for (const one of last?.settled.unconfirmed ?? []) this.set({ ...labels(state), ...namedBy(one) }, 1);
      }
    },
  });
  new Gauge({
    ...made('queue_length', 'Checks that are due and wait for their turn.'),
    labelNames: ['kind'],
    collect() {
      for (const [kind, { waiting }] of Object.entries(rounds.queue())) this.set({ kind }, waiting);
    },
  });
  new Gauge({
    ...made('runs_running', 'Checks that are being made.'),
    labelNames: ['kind'],
    collect() {
      for (const [kind, { running }] of Object.entries(rounds.queue())) this.set({ kind }, running);
    },
  });
  const ofWorkers = (name: string, help: string, value: (usage: ReturnType<Workers['usage']>) => number) =>
    new Gauge({
      ...made(name, help),
      collect() {
        this.set(value(workers.usage()));
      },
    });
  ofWorkers('workers', 'Processes that check, browsers not counted.', ({ count }) => count);
  ofWorkers('workers_resident_memory_bytes', 'Of these processes, at their last result.', ({ rssBytes }) => rssBytes);
  ofWorkers('workers_open_fds', 'Of these processes, at their last result.', ({ openFiles = 0 }) => openFiles);

  return {
    ran(state, { verdict, durationMs }) {
      runs.inc({ ...labels(state), verdict });
      took.observe({ depth: state.depth }, durationMs / 1000);
    },
    flapped: (state) => flaps.inc(labels(state)),
    missed: (state, slots) => missed.inc(labels(state), slots),
    lost: (depth) => lost.inc({ depth }),
    notKept: () => notKept.inc(),
    probed: (depth, outcome) => probes.inc({ depth, outcome }),
    reloaded(worked) {
      reloadWorked.set(worked ? 1 : 0);
      if (worked) {
        reloadedAt.setToCurrentTime();
        forgetOthers();
        // So that a rate is there from the first event on.
        for (const state of rounds.states) {
          flaps.inc(labels(state), 0);
          missed.inc(labels(state), 0);
        }
      }
    },
    async text() {
      const results = registryOf(rounds.states.flatMap((state) => settledRun(state) ?? []));
      const [own, checks] = await Promise.all([registry.metrics(), results.metrics()]);
      return `${checks}\n${own}`;
    },
    contentType: registry.contentType,
  };

  /** What is not in the configuration any more. */
  function forgetOthers(): void {
    const known = new Set(rounds.states.map((state) => JSON.stringify(labels(state))));
    for (const counter of [runs, flaps, missed]) {
      void counter.get().then(({ values }) => {
        for (const { labels: of } of values) {
          const { environment = '', depth = '' } = of as { environment?: string; depth?: string };
          if (!known.has(JSON.stringify({ environment, depth }))) counter.remove(of as Record<string, string>);
        }
      });
    }
  }
}

function namedBy({ code, severity, args }: Finding): { code: string; severity: string; target: string } {
  return { code, severity, target: printable(String(args.target ?? ''), 200) };
}
