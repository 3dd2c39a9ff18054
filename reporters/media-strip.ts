/** How each call came about and how well it went: a strip of its phases, and the rates, one line for each. */
import type { Colors } from 'picocolors/types.js';
import type { MediaFacts, ParticipantFacts, ReceivedMedia } from '../evidence/facts.js';
import type { EnvironmentRun } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { slowest } from './key-fact.js';
import { cut, duration, padTo, width, wrap } from './text.js';

/** Cells of the longest strip, where there is room for it, and where there is little. */
const longest = { wide: 28, narrow: 8 } as const;
const wideFrom = 90;

type Phase = readonly [name: string, mark: string, endsAt: (one: ParticipantFacts) => number | undefined];

/** In their order. Marks differ without colour, too. */
export const phases: readonly Phase[] = [
  ['ICE', '·', ({ iceMs }) => iceMs],
  ['DTLS', '─', ({ dtlsMs }) => dtlsMs],
  ['first packet', '═', ({ firstPacketMs }) => firstPacketMs],
  ['picture and voice', '█', ({ received: { firstFrameMs, firstAudioMs } }) => slowest(firstFrameMs, firstAudioMs)],
];

/** Lines without an end; none where no call came about. */
export function mediaStrip({ observations }: EnvironmentRun, columns: number, colours: Colors): string[] {
  const calls = observations.flatMap(({ id, probe, state, facts }) => {
    const { caller, callee } = facts as unknown as Partial<MediaFacts>;
    if (probe !== 'media' || state !== 'ok' || !caller?.received || !callee?.received) return [];
    const ends = phases.map(([, , endsAt]) => slowest(endsAt(caller), endsAt(callee)));
    return ends.every((end) => end !== undefined)
      ? [{ name: printable(id.replace(/^media:/, '').replace(':', ' in '), 24), ends, caller, callee }]
      : [];
  });
  const most = Math.max(...calls.map(({ ends }) => ends.at(-1) ?? 0));
  if (calls.length === 0 || most <= 0) return [];
  const cells = columns < wideFrom ? longest.narrow : longest.wide;
  const names = ['call', 'phases', 'picture', 'voice', 'rate', 'lost'];
  const rows = calls.map(({ name, ends, caller, callee }) => [
    name,
    `${strip(ends, most, cells)} ${duration(ends.at(-1) ?? 0)}`,
    worst(caller, callee, ({ picture }) => picture?.latencyMs),
    worst(caller, callee, ({ voice }) => voice?.latencyMs),
    rate(caller.received, callee.received),
    lost(caller.received, callee.received),
  ]);
  const widths = names.map((name, i) => Math.max(width(name), ...rows.map((row) => width(row[i] ?? ''))));
  // What is last is missed least, and all of it is in the other reports.
  const line = (row: readonly string[]): string =>
    cut(
      row
        .map((cell, i) => padTo(cell, widths[i] ?? 0))
        .join('   ')
        .trimEnd(),
      columns,
    );
  const legend = wrap(phases.map(([name, mark]) => `${mark} until ${name}`).join('  '), columns);
  return [colours.dim(line(names)), ...rows.map(line), ...legend.map((one) => colours.dim(one))];
}

function strip(ends: readonly number[], most: number, longest: number): string {
  let cells = '';
  ends.forEach((_, i) => {
    const until = Math.round((Math.max(...ends.slice(0, i + 1)) / most) * longest);
    cells += (phases[i]?.[1] ?? '').repeat(Math.max(0, until - width(cells)));
  });
  return cells;
}

/** From making to seeing or hearing, of the participant with the longer delay. */
function worst(a: ParticipantFacts, b: ParticipantFacts, of: (media: ReceivedMedia) => number | undefined): string {
  const delay = slowest(of(a.received), of(b.received));
  return delay === undefined ? '–' : `${Math.round(delay)} ms`;
}

/** What one participant receives, on average of the two, in kilobits per second. */
function rate(...received: readonly ReceivedMedia[]): string {
  const rates = received.flatMap(({ videoBytes, audioBytes, measuredMs }) =>
    measuredMs ? [((videoBytes + audioBytes) * 8) / measuredMs] : [],
  );
  return rates.length === 0 ? '–' : `${Math.round(rates.reduce((sum, one) => sum + one, 0) / rates.length)} kbit/s`;
}

function lost(...received: readonly ReceivedMedia[]): string {
  const sum = (of: (one: ReceivedMedia) => number): number => received.reduce((total, one) => total + of(one), 0);
  const missing = sum(({ packetsLost }) => packetsLost);
  return `${missing} of ${missing + sum(({ packetsReceived = 0 }) => packetsReceived)}`;
}
