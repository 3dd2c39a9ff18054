/** Two clocks differ: those of several vantages tell which of them is wrong. */
import { seen } from '../../../evidence/facts.js';
import { list } from '../../words.js';
import type { VantageRule } from '../rule.js';
import { nameOf, networkOf, type View } from '../view.js';

/** `Date` has whole seconds, and a minute is what certificates and tokens are forgiven. */
const sameMs = 60_000;

/** The deployment's clock minus the vantage's, from whatever tells. */
function skewOf({ environment: { observations } }: View): number | undefined {
  const [signal] = seen(observations, 'signal').flatMap(({ facts }) => facts.clockSkewMs ?? []);
  if (signal !== undefined) return signal;
  const [port] = seen(observations, 'tls').flatMap(({ facts: { peerDate, ourDate } }) =>
    peerDate && ourDate ? [Date.parse(peerDate) - Date.parse(ourDate)] : [],
  );
  return port;
}

export const clock: VantageRule = {
  because: 'clock',
  judge(finding, seers, others) {
    if (finding.code !== 'vantage-clock-skew') return undefined;
    // Who is inside may have the deployment's own clock.
    const able = others.filter((one) => !one.inside || seers.every(({ inside }) => inside));
    const agreeing = able.filter((one) => Math.abs(skewOf(one) ?? Number.POSITIVE_INFINITY) <= sameMs);
    const who = list(seers.map(nameOf));
    if (agreeing.length > 0) {
      return {
        blames: 'vantage',
        why: `The clock of the deployment agrees with ${list(agreeing.map(nameOf))}, so it is that of ${who} which is wrong.`,
        fix: `Set the clock of ${who} by NTP (\`timedatectl set-ntp true\`) and check again.`,
      };
    }
    const skews = seers.flatMap((seer) => skewOf(seer) ?? []);
    const networks = new Set(seers.map((seer) => networkOf(seer) ?? nameOf(seer)));
    const same = skews.length === seers.length && Math.max(...skews) - Math.min(...skews) <= sameMs;
    if (networks.size < 2 || !same) return undefined;
    return {
      blames: 'deployment',
      why: `The clocks of ${who} agree with each other, so it is that of the deployment which is wrong.`,
      fix: "Set the clock of the deployment's hosts by NTP (`timedatectl set-ntp true`) and check again.",
    };
  },
};
