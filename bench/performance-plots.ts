/** The plots of `docs/performance.md`, by the end of their names. */
import { type Compared, linkOf } from './compare.js';
import type { Performance } from './performance.js';
import { bars, growth, waterfall } from './plot.js';

const tools = ['ours, wire', 'ours, media', 'plain Playwright', 'ConnectionCheck', 'terminal tools'] as const;

const isQuickLink = ({ roundTripMs, lossPercent }: Compared): boolean => roundTripMs === 0 && lossPercent === 0;

/** `load` only watches, from the beginning to the end. */
const looks = (steps: Compared['mediaSteps']): Compared['mediaSteps'] => steps.filter(({ id }) => id !== 'load');

export function plotsOf({ compared, wireScale }: Performance): Record<string, string> {
  const quick = compared.filter(isQuickLink);
  const kinds = [...new Set(compared.filter(({ lossPercent }) => lossPercent === 0).map(({ name }) => name))];
  const links = [
    ...new Set(compared.filter(({ lossPercent }) => lossPercent === 0).map(({ roundTripMs }) => roundTripMs)),
  ];
  const wire = (name: string, roundTripMs: number): number | undefined =>
    compared.find((one) => one.name === name && one.roundTripMs === roundTripMs && one.lossPercent === 0)?.rows[0]?.took
      .medianMs;
  const healthy = quick.find(({ name }) => name === 'healthy');
  return {
    tools: bars(
      'Time to an answer (median, logarithmic)',
      quick.map(({ name }) => name),
      tools.map((tool) => ({
        name: tool,
        values: quick.map(({ rows }) => rows.find(({ contestant }) => contestant === tool)?.took.medianMs),
      })),
      'ms',
    ),
    'round-trips': bars(
      'Depth wire, by round-trip time (median, logarithmic)',
      kinds,
      links.map((roundTripMs) => ({
        name: linkOf({ roundTripMs, lossPercent: 0 }),
        values: kinds.map((kind) => wire(kind, roundTripMs)),
      })),
      'ms',
    ),
    scale: growth(
      'Environments in one process, depth wire',
      'environments',
      wireScale.map(({ environments, program }) => [environments, program.medianMs]),
      'ms',
    ),
    ...(healthy && { waterfall: waterfall('A healthy check at depth wire', looks(healthy.steps)) }),
    ...(healthy &&
      healthy.mediaSteps.length > 0 && {
        media: waterfall('A healthy check at depth media', looks(healthy.mediaSteps)),
      }),
  };
}
