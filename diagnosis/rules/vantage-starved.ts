import { ids, kindOf, look } from '../look.js';
import { type Args, rule } from '../rule.js';

/**
 * A port is called silent after 2.75 s, in two bursts of checks, and what has arrived by then is read first; only a
 * process that did not run for most of that time may have missed the answers. (Pressure by itself says little: calls
 * succeed on machines on which something waits for a processor all the time.)
 */
const lagThatMattersMs = 2000;
const frequentLagMs = 500;

/** What silence looks like, to somebody who may not have listened. */
const silences = new Set([
  'timeout',
  'deadline',
  'no-relayed-answer',
  'no-join',
  'no-video',
  'no-audio',
  'disconnected',
]);

interface StarvedArgs extends Args {
  lagMostMs: number;
  cores: number;
  cpuPressurePercent?: number;
}

export const vantageStarved = rule<StarvedArgs>({
  code: 'vantage-starved',
  severity: 'error',
  explainedBy: ['vantage-offline'],
  explainsAll: true,
  blames: 'vantage',
  unseen: (evidence) =>
    look(evidence, 'load').length === 0
      ? 'How busy this machine was is not known: run the check again when it has nothing else to do.'
      : undefined,
  find(evidence) {
    const load = look(evidence, 'load')[0];
    const silent = evidence.observations.filter((one) => one.state === 'failed' && silences.has(kindOf(one) ?? ''));
    if (!load) return [];
    const { lagMostMs, lagP99Ms, cores, cpuPressurePercent } = load.facts;
    if (lagMostMs < lagThatMattersMs && lagP99Ms < frequentLagMs) return [];
    const pressure = cpuPressurePercent !== undefined && { cpuPressurePercent };
    return [
      {
        args: { lagMostMs, cores, ...pressure },
        evidence: ids(load, ...silent),
        // Whatever answered did answer; only its times are not to be trusted.
        severity: silent.length > 0 ? ('error' as const) : ('info' as const),
      },
    ];
  },
  prose: ({ lagMostMs, cores, cpuPressurePercent }) => ({
    summary: 'This machine was too busy to listen: what seemed silent may have answered, and times are too long.',
    cause: `This process was kept waiting for up to ${Math.round(lagMostMs / 100) / 10} s on a machine with ${cores} ${cores === 1 ? 'core' : 'cores'}${
      cpuPressurePercent === undefined
        ? ''
        : `, where something waits for a core ${Math.round(cpuPressurePercent)} % of the time`
    }; ports are called silent after under 3 s.`,
    fix: 'Run the check again when the machine has less to do, with more CPU (in Kubernetes `resources.requests.cpu: 2`), or with fewer layers (`--depth wire`).',
  }),
});
