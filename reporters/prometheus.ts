/** Metrics in Prometheus' text format, for the textfile collector of node_exporter; stems as the blackbox exporter's. */
import { Gauge, Registry } from 'prom-client';
import { type MediaFacts, type ParticipantFacts, seen } from '../evidence/facts.js';
import { type EnvironmentRun, type Finding, layers, type Run } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { casesOf } from './cases.js';
import type { ReporterFactory } from './reporter.js';

export const prometheus: ReporterFactory = ({ out }) => ({
  onEnd: async (run) => out.write(await registryOf([run]).metrics()),
});

const verdicts = ['pass', 'fail', 'inconclusive'] as const;

/**
 * Seconds, ratios from 0 to 1, and Unix times, as Prometheus wants them. Of several runs no two may be of one
 * environment at one depth: these are the labels of everything.
 */
export function registryOf(runs: readonly Run[], registry: Registry = new Registry()): Registry {
  const made = (name: string, help: string, labelNames: readonly string[]) =>
    new Gauge({ name: `livekit_doctor_${name}`, help, labelNames, registers: [registry] });
  const gauge = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) => {
    const one = made(name, help, ['environment', 'depth', ...labelNames]);
    return (labels: Record<L | 'environment' | 'depth', string>, value: number): void => one.set(plain(labels), value);
  };
  const build = made('build_info', 'Version of livekit-doctor.', ['version']);
  const ended = gauge('run_timestamp_seconds', 'When the run began, as Unix time.');
  const success = gauge('probe_success', '1 if the verdict is pass.');
  const verdict = gauge('probe_verdict', '1 for the verdict of the run, 0 for the others.', ['verdict']);
  const took = gauge('probe_duration_seconds', 'How long the run took.');
  const path = gauge('path_success', '1 if this layer of the path was proven, 0 if not.', ['path', 'layer']);
  const pathState = gauge('path_state', '1 for what came of this layer of the path.', ['path', 'layer', 'state']);
  const required = gauge('path_required', '1 if the path must work, 0 if it may.', ['path']);
  const pathTook = gauge('path_duration_seconds', 'How long the proof took.', ['path', 'layer']);
  const finding = gauge('finding', '1 for each finding of the run.', ['code', 'severity', 'target']);
  const expiry = gauge('ssl_earliest_cert_expiry', 'When the first certificate of the chain expires, as Unix time.', [
    'target',
    'host',
  ]);
  const lookup = gauge('dns_lookup_time_seconds', 'How long it took to resolve the name.', ['name']);
  const skew = gauge('clock_skew_seconds', "The deployment's clock minus this machine's.");
  const rtt = gauge('media_round_trip_seconds', 'Between a participant and the server, median, of the worse side.', [
    'path',
  ]);
  const loss = gauge('media_loss_ratio', 'Share of packets that did not come, of the worse side.', ['path']);
  const latency = gauge('media_latency_seconds', 'From drawing a picture to seeing it, median, of the worse side.', [
    'path',
  ]);
  const first = gauge(
    'media_first_frame_seconds',
    "From connecting to the other's first picture, of the slower side.",
    ['path'],
  );

  // Nothing is said of it where nothing was checked again. The exporter says the second by itself.
  const isRepeated = runs.some(({ environments }) => environments.some(({ confirmation }) => confirmation));
  const flapping =
    isRepeated &&
    gauge('probe_flapping', '1 if it failed and passed when it was checked twice in a row, 0 if it did not.');
  const unconfirmed =
    isRepeated &&
    gauge('finding_unconfirmed', '1 for each finding of the run that only one of two runs in a row has.', [
      'code',
      'severity',
      'target',
    ]);

  for (const run of runs) build.set(plain({ version: run.tool.version }), 1);
  for (const { run, environment } of runs.flatMap((run) =>
    run.environments.map((environment) => ({ run, environment })),
  )) {
    const { name, asked, paths, findings, observations } = environment;
    const of = { environment: name, depth: asked.depth };
    ended(of, Date.parse(run.startedAt) / 1000);
    success(of, environment.verdict === 'pass' ? 1 : 0);
    for (const one of verdicts) verdict({ ...of, verdict: one }, one === environment.verdict ? 1 : 0);
    took(of, environment.durationMs / 1000);
    for (const [way, result] of Object.entries(paths)) {
      required({ ...of, path: way }, result.required ? 1 : 0);
      for (const layer of layers) {
        const state = result[layer];
        if (state === undefined) continue;
        path({ ...of, path: way, layer }, state === 'ok' ? 1 : 0);
        pathState({ ...of, path: way, layer, state }, 1);
      }
    }
    for (const { proof, durationMs } of casesOf(environment)) {
      if (proof) pathTook({ ...of, ...proof }, durationMs / 1000);
    }
    for (const one of findings) finding({ ...of, ...namedBy(one) }, 1);
    if (environment.confirmation && flapping && unconfirmed) {
      flapping(of, environment.confirmation.outcome === 'flapping' ? 1 : 0);
      for (const one of environment.confirmation.unconfirmed) unconfirmed({ ...of, ...namedBy(one) }, 1);
    }
    for (const { facts } of seen(observations, 'tls')) {
      const ends = (facts.chain ?? []).map(({ validTo }) => Date.parse(validTo) / 1000).filter(Number.isFinite);
      if (ends.length > 0) expiry({ ...of, target: facts.role ?? '', host: facts.host ?? '' }, Math.min(...ends));
    }
    for (const one of seen(observations, 'dns')) {
      if (one.state === 'ok') lookup({ ...of, name: one.facts.name ?? '' }, (one.endMs - one.startMs) / 1000);
    }
    for (const { facts } of seen(observations, 'signal')) {
      if (facts.clockSkewMs !== undefined) skew(of, facts.clockSkewMs / 1000);
    }
    for (const [way, facts] of callsOf(environment)) {
      const worst = (value: (end: ParticipantFacts) => number | undefined): number | undefined => {
        const values = [facts.caller, facts.callee].map((end) => end && value(end));
        return values.every((one) => one !== undefined) ? Math.max(...values) : undefined;
      };
      const set = (to: typeof rtt, value: number | undefined): void => {
        if (value !== undefined) to({ ...of, path: way }, value);
      };
      set(rtt, seconds(worst(({ rtt }) => rtt?.medianMs)));
      set(
        loss,
        worst(({ received: { measured } }) => measured && share(measured.packetsLost, measured.packetsReceived)),
      );
      set(latency, seconds(worst(({ received: { picture } }) => picture?.latencyMs)));
      set(first, seconds(worst(({ received }) => received.firstFrameMs)));
    }
  }
  return registry;
}

const namedBy = ({ code, severity, args }: Finding): Record<'code' | 'severity' | 'target', string> => ({
  code,
  severity,
  target: String(args.target ?? ''),
});

/** Between two Chromiums. */
function callsOf({ observations }: EnvironmentRun): [string, Partial<MediaFacts>][] {
  return seen(observations, 'media').flatMap(({ id, state, facts }) =>
    state === 'ok' && id === `media:${facts.path}` ? [[facts.path, facts]] : [],
  );
}

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);
const share = (lost: number, received: number): number => (lost + received === 0 ? 0 : lost / (lost + received));

/** Label values may be a server's words. */
function plain<L extends string>(labels: Record<L, string>): Record<L, string> {
  const entries = Object.entries<string>(labels).map(([name, value]) => [name, printable(value, 200)]);
  return Object.fromEntries(entries) as Record<L, string>;
}
