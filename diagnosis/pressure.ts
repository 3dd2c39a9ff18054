/** Whether this machine was so busy that calls which came about may have been too slow for that alone. */
import type { Evidence, Observation } from '../evidence/run.js';
import { kindOf, look } from './look.js';

/** Nearly always something waited for a core. A machine with two has that beside four calls, and they succeed. */
const pressureThatMayMatter = 95;

/** In percent of the time (`/proc/pressure/cpu`); undefined where it should not matter. */
export function heavyPressure(evidence: Evidence): number | undefined {
  const { cpuPressurePercent: percent = 0 } = look(evidence, 'load')[0]?.facts ?? {};
  return percent >= pressureThatMayMatter ? percent : undefined;
}

const incomplete = new Set(['no-video', 'no-audio']);
const late = new Set([...incomplete, 'timeout', 'disconnected']);

type Call = Parameters<typeof kindOf>[0] & Pick<Observation, 'probe'>;

/** A call that came about, and in which too little was seen or heard in time. */
export const isIncompleteCall = (one: Call): boolean => one.probe === 'media' && incomplete.has(kindOf(one) ?? '');

/** A call that was not given the time, or took too much. */
export const isLateCall = (one: Call): boolean => one.probe === 'media' && late.has(kindOf(one) ?? '');
