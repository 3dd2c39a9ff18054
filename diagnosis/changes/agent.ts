/** Whether the agent came. How long it took is a budget's matter (`joinWithin`). */
import type { Evidence } from '../../evidence/run.js';
import { look } from '../look.js';
import type { Compare } from './change.js';

export const agent: Compare = (before, after) => {
  const [was, is] = [outcome(before), outcome(after)];
  if (!was || !is || was.name !== is.name || was.came === is.came) return [];
  const effect = is.came === 'joined' ? 'better' : 'worse';
  return [{ about: 'finding', kind: 'agent', what: is.name, before: was.came, after: is.came, effect }];
};

function outcome(evidence: Evidence): { name: string; came: string } | undefined {
  const [seen] = look(evidence, 'agent');
  if (!seen) return undefined;
  const { name, refusal, joinedMs, publishes, publishedMs } = seen.facts;
  if (refusal) return { name, came: 'refused' };
  if (joinedMs === undefined) return { name, came: 'absent' };
  return { name, came: publishes && publishedMs === undefined ? 'silent' : 'joined' };
}
