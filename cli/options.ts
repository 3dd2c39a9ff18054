/** Parsers for commander: what may be given with commas, what may be given again, and times. */
import { InvalidArgumentError, Option } from 'commander';
import { durationMs } from '../environment/duration.js';

export function list(text: string, before: string[] = []): string[] {
  const words = text.split(',').map((word) => word.trim());
  return [...before, ...words.filter((word) => word !== '')];
}

export function more(text: string, before: string[] = []): string[] {
  return [...before, text];
}

/** Timers of Node count to 2^31 ms, and nobody waits so long. */
const mostMs = 24 * 3_600_000;

/** `1m30s` in milliseconds. Throws commander's error where the text is none, with what would be right. */
export function duration(text: string): number {
  const ms = durationMs(text);
  if (/^\d+$/.test(text)) throw new InvalidArgumentError(`It lacks a unit: ${text}s is seconds, ${text}m minutes.`);
  if (ms === undefined) throw new InvalidArgumentError('Expected a duration like 90s, 1m30s or 500ms.');
  if (ms < 1 || ms > mostMs) throw new InvalidArgumentError('Expected a duration from 1ms to 24h.');
  return ms;
}

/** `90d`, beside what other options take; in milliseconds. How long runs are kept. */
function keepTime(text: string): number {
  const days = /^(\d{1,4})d$/.exec(text)?.[1];
  const ms = days === undefined ? duration(text) : Number(days) * 86_400_000;
  if (ms < 3_600_000) throw new InvalidArgumentError('Expected at least 1h, as 90d or 12h.');
  return ms;
}

export const keepOption = (): Option =>
  new Option('--keep <duration>', 'how long runs are kept there (90d, 12h)')
    .argParser(keepTime)
    .default(90 * 86_400_000, '90d');

/** How much the console says. */
export const quietOption = (): Option =>
  new Option('--quiet', 'a line for each environment, and no progress').conflicts('verbose');
export const verboseOption = (): Option => new Option('--verbose', 'the whole evidence, too: every observation');
