/** How it was looked at: what was asked and claimed, and by which livekit-doctor. It explains findings that came or went. */
import type { EnvironmentRun, Run } from '../../evidence/run.js';
import type { Difference } from './change.js';

type Json = NonNullable<Difference['before']>;

export function tool({ tool: was }: Run, { tool: is }: Run): Difference[] {
  if (was.version === is.version) return [];
  return [{ about: 'check', kind: 'tool', what: 'livekit-doctor', before: was.version, after: is.version }];
}

export function check(before: EnvironmentRun, after: EnvironmentRun): Difference[] {
  return [...each('claim', before.claims, after.claims), ...each('asked', before.asked, after.asked)];
}

/** By key, `media.address`. Absent: not claimed, or not asked for. */
function each(kind: 'claim' | 'asked', was: object, is: object): Difference[] {
  const [old, now] = [flat(was), flat(is)];
  const keys = [...new Set([...old.keys(), ...now.keys()])];
  return keys
    .filter((key) => JSON.stringify(old.get(key)) !== JSON.stringify(now.get(key)))
    .map((what) => {
      const [before, after] = [old.get(what), now.get(what)];
      return {
        about: 'check',
        kind,
        what,
        ...(before !== undefined && { before }),
        ...(after !== undefined && { after }),
      };
    });
}

function flat(value: object, prefix = ''): Map<string, Json> {
  return new Map(
    Object.entries(value).flatMap(([key, inner]): [string, Json][] => {
      if (inner === undefined) return [];
      const nested = inner !== null && typeof inner === 'object' && !Array.isArray(inner);
      return nested ? [...flat(inner, `${prefix}${key}.`)] : [[prefix + key, inner]];
    }),
  );
}
