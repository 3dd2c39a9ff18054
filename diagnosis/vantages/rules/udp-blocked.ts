/** No UDP passes from a vantage: its own firewall, or one in front of the deployment? */
import type { Finding } from '../../../evidence/run.js';
import { destination, iceChecks, turnAnswered, worked } from '../../checks.js';
import { look } from '../../look.js';
import { natAnswered, natDestinations } from '../../nat.js';
import { list } from '../../words.js';
import type { VantageRule } from '../rule.js';
import { nameOf, stateOf, type View } from '../view.js';

const code = 'udp-blocked-at-vantage';
const reach = { path: 'udp', layer: 'reach' } as const;

/**
 * `address:port` of what answered over UDP and proves that it is reached from elsewhere. The deployment's own ports prove
 * nothing from inside of it.
 */
function answering({ environment, inside }: View): string[] {
  const asked = natDestinations(environment.observations).filter(natAnswered);
  const stun = asked.filter(({ kind }) => kind === 'stun').map((one) => one.destination);
  if (inside) return stun;
  const media = iceChecks(environment, 'udp').filter(worked);
  const turn = look(environment, 'turn-udp').filter(turnAnswered);
  return [...asked.map((one) => one.destination), ...[...media, ...turn].map(destination)];
}

function controlOf({ args: { destinations } }: Finding, others: readonly View[]): { by: View; at: string } | undefined {
  const silent = Array.isArray(destinations) ? destinations : [];
  return others.flatMap((by) => answering(by).map((at) => ({ by, at }))).find(({ at }) => silent.includes(at));
}

export const udpBlocked: VantageRule = {
  because: 'udp-blocked',
  // Nothing that is silent here answers elsewhere: then what others say of the deployment's UDP is said of this as well.
  resolves({ finding }, _view, others) {
    if (finding.code !== code || controlOf(finding, others)) return undefined;
    const outside = others.filter(({ inside }) => !inside);
    if (outside.some((one) => stateOf(one, reach) === 'ok')) return undefined;
    return outside
      .flatMap(({ suspects }) => suspects)
      .find(({ finding: { code: one }, doubt }) => doubt === undefined && one === 'udp-filtered')?.finding.code;
  },
  judge(finding, seers, others) {
    if (finding.code !== code) return undefined;
    const control = controlOf(finding, others);
    if (!control) return undefined;
    const why = `UDP ${control.at} answers ${nameOf(control.by)}, so it is at ${list(seers.map(nameOf))} that UDP is blocked.`;
    return { blames: 'vantage', why };
  },
};
