/** The words of a finding of several vantages: the one place for them. */
import type { Finding, SeenFrom } from '../../evidence/run.js';
import { list } from '../words.js';
import type { Ruling } from './rule.js';

type Prose = Pick<Finding, 'summary' | 'cause' | 'fix'>;

const all = ({ sees, denies, abstains }: SeenFrom): number => sees.length + denies.length + abstains.length;

/** `Seen from open and blocked, not from inside; far could not judge it.` */
function whoSees(seenFrom: SeenFrom): string {
  const { sees, denies, abstains } = seenFrom;
  const vantages = all(seenFrom);
  if (sees.length === vantages) return vantages === 1 ? `Seen from ${sees[0]}.` : `Seen from all ${vantages} vantages.`;
  const but = denies.length > 0 ? `, not from ${list(denies, 'or')}` : '';
  const open = abstains.length > 0 ? `; ${list(abstains)} could not judge it` : '';
  return `Seen from ${list(sees)}${but}${open}.`;
}

/** As the vantage said it, and what the others say to it. A note stays as it is, but for where it comes from. */
export function told(finding: Finding, seenFrom: SeenFrom, { why, fix }: Partial<Pick<Ruling, 'why' | 'fix'>>): Prose {
  const { sees, denies, blames, because } = seenFrom;
  const { summary, cause } = finding;
  const who = list(sees);
  const share = `${sees.length} of ${all(seenFrom)} vantages`;
  if (finding.severity === 'info') return { summary: `From ${who}: ${summary}`, cause, fix: finding.fix };
  if (blames === 'deployment') {
    const more = [why, whoSees(seenFrom)].filter(Boolean).join(' ');
    return { summary, cause: `${cause} ${more}`, fix: fix ?? finding.fix };
  }
  if (blames === 'undecided') {
    const doubt =
      denies.length > 0
        ? `The same works from ${list(denies)}, and that is no majority against it: run the check from a further vantage.`
        : 'No other vantage could judge it: run the check from a further one.';
    return {
      summary: `Undecided, from ${share} (${who}): ${summary}`,
      cause: `${cause} ${doubt}`,
      fix: finding.fix,
    };
  }
  const proof = why ?? (denies.length > 0 ? `The same works from ${list(denies)}.` : undefined);
  return {
    summary: `From ${share} (${who})${proof ? ", and not the deployment's fault" : ''}: ${summary}`,
    cause: [proof, cause].filter(Boolean).join(' '),
    fix: fix ?? (because === 'quorum' ? atVantage(who, finding) : finding.fix),
  };
}

/** The code is one of deployments, and this is none of theirs. */
const atVantage = (who: string, { fix }: Finding): string =>
  `Look at what stands between ${who} and the deployment: firewall, resolver, proxy, clock. Only if the deployment shall look different from there: ${fix}`;
