/** The parts of an environment in `livekit-doctor.yaml`, each line with what a reader should know about it. */
import { joined } from '../diagnosis/look.js';
import type { EnvironmentRun } from '../evidence/run.js';

/** What was seen of one deployment. */
export interface Looks {
  /** ISO 8601. */
  readonly startedAt: string;
  /** All that was looked at, without any claim. */
  readonly first: EnvironmentRun;
  /** What further participants were offered while the first one was there: so it is seen what differs between them. */
  readonly others: readonly EnvironmentRun[];
}

export interface Line {
  readonly key: string;
  readonly value: string | number | boolean | readonly string[];
  /** Where it comes from and what it means. May hold words of a server's making. */
  readonly says: string;
  /** It was seen, and cannot be promised: it is written as a comment. */
  readonly doubted?: boolean;
}

export interface Section {
  readonly key: string;
  readonly lines: readonly Line[];
}

/** Else it is not known what the deployment offers. */
export function somebodyJoined({ first }: Looks): boolean {
  return joined(first) !== undefined;
}

/** A server's word becomes a value only where nothing in it means anything to the file: `${NAME}` would be put in. */
export function isPlain(word: string): boolean {
  return /^\w[\w.-]{0,252}$/.test(word);
}

/** `2026-11-21` */
export function dateOf(time: string): string {
  return time.slice(0, 10);
}

/** Codes of the errors and warnings that rest on one of these observations; of all, where none does. */
export function reasons(
  { findings }: EnvironmentRun,
  observations: readonly ({ readonly id: string } | undefined)[],
): string[] {
  const seen = new Set(observations.map((one) => one?.id));
  const loud = findings.filter(({ severity }) => severity !== 'info');
  const about = loud.filter(({ evidence }) => evidence.some((id) => seen.has(id)));
  return [...new Set((about.length > 0 ? about : loud).map(({ code }) => code))];
}

/** ` (a, b)`, or nothing. */
export function because(codes: readonly string[]): string {
  return codes.length > 0 ? ` (${codes.join(', ')})` : '';
}
