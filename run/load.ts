/** How busy this machine is: a verdict of silence from a machine that could not listen is worth nothing. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { LoadFacts } from '../evidence/facts.js';

const resolutionMs = 10;

function pressure(): number | undefined {
  try {
    const percent = Number(/some avg10=([\d.]+)/.exec(readFileSync('/proc/pressure/cpu', 'utf8'))?.[1]);
    return Number.isFinite(percent) ? percent : undefined;
  } catch {
    return undefined; // not Linux, or a kernel without PSI
  }
}

/** Those that measure nothing now, to be used again: each holds 0.4 MB outside of the heap until it is collected. */
const idle: IntervalHistogram[] = [];

/** Begins to measure; the function that comes back ends it and tells. */
export function measureLoad(): () => LoadFacts {
  const delay = idle.pop() ?? monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  return () => {
    delay.disable();
    const { user, system } = process.cpuUsage(cpu);
    const lag = (ns: number): number => Math.max(0, Math.round(ns / 1e5) / 10 - resolutionMs) || 0;
    const cpuPressurePercent = pressure();
    const passedMs = performance.now() - startedMs;
    // It measures from one of its beats to the next: what came before the first and after the last is seen here.
    const unseenNs = passedMs * 1e6 - (delay.count > 0 ? delay.mean * delay.count : 0);
    const measured = {
      lagP99Ms: lag(delay.percentile(99)),
      lagMostMs: lag(Math.max(delay.max, unseenNs)),
      cpuShare: Math.round((user + system) / 10 / passedMs) / 100,
      cores: availableParallelism(),
      ...(cpuPressurePercent !== undefined && { cpuPressurePercent }),
    };
    delay.reset();
    idle.push(delay);
    return measured;
  };
}
