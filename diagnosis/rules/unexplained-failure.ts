/** The last resort: something that matters failed, and no rule knows why. It says so, and never guesses. */
import type { Role } from '../../evidence/facts.js';
import type { Evidence, Observation, Path } from '../../evidence/run.js';
import { allPaths, layers } from '../../evidence/run.js';
import { isOwnFailure, kindOf, look } from '../look.js';
import { type Loss, lossPercent, lossSeen } from '../loss.js';
import { isAsked, isForbidden, isUnusedTurnHost, offeredPaths, severityOf } from '../offered.js';
import { proofs } from '../paths.js';
import { heavyPressure, isLateCall } from '../pressure.js';
import { rule } from '../rule.js';
import { list, quoted } from '../words.js';

interface UnexplainedArgs {
  target?: Role;
  /** What does not work: paths, or `signalling`. */
  what: string[];
  failures: { id: string; kind: string; message: string }[];
  /** Only this tool's own probes failed. */
  own: boolean;
  /** A handshake failed, and the probe that says why did not look. */
  unseen: boolean;
  /** All that failed took too long, and packets were lost. */
  loss?: Loss;
  /** All that failed were calls that took too long, and for so much of the time something here waited for a core. */
  pressurePercent?: number;
}

/** Ways of taking too long, in which nobody said no. */
const late = new Set([
  'timeout',
  'late',
  'no-join',
  'no-relayed-answer',
  'disconnected',
  'dtls-timeout',
  'no-video',
  'no-audio',
]);

const failed = ({ state }: Observation): boolean => state === 'failed';
const ok = ({ state }: Observation): boolean => state === 'ok';

interface Broken {
  readonly what: string;
  readonly path?: Path;
  readonly observations: readonly Observation[];
}

/** What failed on the way to a join response. */
function trunk({ observations }: Evidence): Observation[] {
  return observations.filter(
    (one) =>
      failed(one) && (one.probe === 'signal' || (['dns', 'tls'].includes(one.probe) && one.facts.role === 'signal')),
  );
}

/** Names and certificates of TURN hosts that failed: what the path does behind them is a consequence. */
function turnHosts(evidence: Evidence, path: Path): Observation[] {
  const probes = path === 'turn-tls' ? ['dns', 'tls'] : path.startsWith('turn') ? ['dns'] : [];
  return evidence.observations.filter(
    (one) =>
      probes.includes(one.probe) &&
      failed(one) &&
      one.facts.role === 'turn' &&
      !isUnusedTurnHost(evidence, String(one.facts.host ?? one.facts.name)),
  );
}

/** What failed of a path and nothing explains; deeper layers are consequences of the first that does not work. */
function unexplained(evidence: Evidence, path: Path, known: ReadonlySet<string>): Observation[] {
  for (const layer of layers) {
    const found = proofs(evidence.observations, path, layer);
    const before = layer === 'reach' ? turnHosts(evidence, path) : [];
    const broken = [...before, ...found.filter(failed)];
    const works = found.some(ok);
    const explained = [...before, ...found].some(({ id }) => known.has(id));
    if (works) {
      // One address that works is enough for a path, but each TURN server must work.
      const left = path.startsWith('turn') ? broken.filter(({ id }) => !known.has(id)) : [];
      if (left.length > 0) return left;
    } else if (explained) return [];
    else if (broken.length > 0) return broken;
  }
  return [];
}

function unknownFailures(evidence: Evidence, known: ReadonlySet<string>): Broken[] {
  const before = trunk(evidence);
  if (before.length > 0) {
    return before.some(({ id }) => known.has(id)) ? [] : [{ what: 'signalling', observations: before }];
  }
  const offered = offeredPaths(evidence);
  return allPaths
    .filter((path) => isAsked(evidence, path) && offered.has(path) && !isForbidden(evidence, path))
    .map((path) => ({ what: path, path, observations: unexplained(evidence, path, known) }))
    .filter(({ observations }) => observations.length > 0);
}

export const unexplainedFailure = {
  ...rule<UnexplainedArgs>({
    code: 'unexplained-failure',
    severity: 'error',
    explainedBy: [
      'vantage-offline',
      'vantage-starved',
      'vantage-clock-skew',
      'dns-wrong-address',
      'dns-resolvers-disagree',
      'tls-intercepted',
    ],
    find: () => [],
    prose: ({ what, failures, own, unseen, loss, pressurePercent }) => ({
      summary: (loss
        ? `${list(what)} took too long, and ${lossPercent(loss)} % of the UDP checks from here were lost.`
        : pressurePercent !== undefined
          ? `Calls by ${list(what)} did not get done in time, on a machine that was busy.`
          : `${list(what)} does not work, and no rule knows why.`
      ).replace(/^./, (first) => first.toUpperCase()),
      cause: loss
        ? `Of ${loss.sent} UDP checks and their answers ${loss.lost} were lost, and TCP waits longer with each packet that it loses: ${failures.map(({ id, message }) => `${id} (${message.replace(/\.$/, '')})`).join('; ')} may have been late for that alone, so nothing is said of the deployment.`
        : pressurePercent !== undefined
          ? `Something here waited for a core ${Math.round(pressurePercent)} % of the time, and both participants live here: ${failures.map(({ id, message }) => `${id} (${message.replace(/\.$/, '')})`).join('; ')} may have failed for that alone, so nothing is said of the deployment.`
          : own
            ? `Probes of this tool did not end as they should: ${failures.map(({ id, message }) => `${id} (${message})`).join('; ')}.`
            : `What was seen fits no known fault: ${failures.map(({ id, kind, message }) => `${id} failed with ${kind} (${message.replace(/\.$/, '')})`).join('; ')}.`,
      fix: loss
        ? 'Mend the link of this vantage (`mtr --udp HOST` shows where packets are lost), or run the check from another network.'
        : pressurePercent !== undefined
          ? 'Run the check again when this machine has less to do, or with more CPU (in Kubernetes `resources.requests.cpu: 2`).'
          : unseen
            ? 'Look at the TLS port as well (without `--only`, or with `--only tls` beside it): that says what is wrong with it.'
            : own
              ? `Run the check again, and report it with the saved run (\`--save run.json\`) if it stays.`
              : `Compare with a run from another network and with the log of livekit-server at that moment (\`logging.level: debug\`, \`logging.pion_level: debug\`), and report the saved run (\`--save run.json\`) so that a rule can be made of it.`,
    }),
  }),
  /** Judged after every other rule: `known` holds the ids of the observations that some finding rests on. */
  findBeside(evidence: Evidence, known: ReadonlySet<string>) {
    const unknown = unknownFailures(evidence, known);
    if (unknown.length === 0) return [];
    const left = [...new Set(unknown.flatMap(({ observations }) => observations))];
    const paths = unknown.flatMap(({ path }) => (path ? [path] : []));
    const own = left.every((one) => isOwnFailure(kindOf(one)));
    const unseen = left.every((one) => kindOf(one) === 'tls' && !hasTlsLook(evidence, one));
    const loss = left.every((one) => late.has(kindOf(one) ?? '')) ? lossSeen(evidence) : undefined;
    const pressurePercent = !loss && left.every(isLateCall) ? heavyPressure(evidence) : undefined;
    const target: Role | undefined =
      paths.length === 0 ? 'signal' : paths.every((path) => path.startsWith('turn')) ? 'turn' : undefined;
    const args: UnexplainedArgs = {
      ...(target && { target }),
      what: unknown.map(({ what }) => what),
      failures: left.map((one) => ({
        id: one.id,
        kind: kindOf(one) ?? 'unknown',
        message: shortened(one.failure?.message ?? ''),
      })),
      own,
      unseen,
      ...(loss && { loss }),
      ...(pressurePercent !== undefined && { pressurePercent }),
    };
    return [
      {
        args,
        evidence: left.map(({ id }) => id),
        severity: paths.length === 0 ? ('error' as const) : severityOf(evidence, ...paths),
        undecided:
          own ||
          unseen ||
          loss !== undefined ||
          pressurePercent !== undefined ||
          left.every((one) => kindOf(one) === 'late'),
      },
    ];
  },
};

/** The TLS probe looked at the host at which this observation's handshake failed. */
function hasTlsLook(evidence: Evidence, { facts }: Observation): boolean {
  return look(evidence, 'tls').some((port) => port.facts.host === facts.host);
}

function shortened(message: string): string {
  return message.length > 160 ? quoted(message, 160).slice(1, -1) : message;
}
