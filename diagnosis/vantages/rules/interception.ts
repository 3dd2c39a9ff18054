/** A certificate that only one vantage is shown was put there by something at that vantage. */
import { seen } from '../../../evidence/facts.js';
import { list, quoted } from '../../words.js';
import type { VantageRule } from '../rule.js';
import { nameOf, networkOf, subjectOf, type View } from '../view.js';

/** The leaf that was shown at a port. */
const leafAt = ({ environment }: View, id: string) =>
  seen(environment.observations, 'tls').find((one) => one.id === id)?.facts.chain[0];

export const interception: VantageRule = {
  because: 'interception',
  // Several networks are shown the same one: it is the deployment's own, whoever issued it.
  rulesOut(view, others) {
    const finding = view.suspects.find((one) => one.finding.code === 'tls-intercepted')?.finding;
    if (!finding) return [];
    const [port] = subjectOf(view, finding).others.filter(({ probe }) => probe === 'tls');
    const own = port && leafAt(view, port.id)?.fingerprint256;
    const leaves = others.map((one) => ({ one, leaf: port && leafAt(one, port.id)?.fingerprint256 }));
    const known = leaves.filter(({ leaf }) => leaf !== undefined);
    const here = networkOf(view);
    const elsewhere = here !== undefined && known.some(({ one }) => ![undefined, here].includes(networkOf(one)));
    return elsewhere && known.every(({ leaf }) => leaf === own) ? ['tls-intercepted'] : [];
  },
  judge(finding, seers, others) {
    const ports = seers.flatMap((seer) =>
      subjectOf(seer, finding)
        .others.filter(({ probe, state }) => probe === 'tls' && state === 'failed')
        .map(({ id }) => ({ id, leaf: leafAt(seer, id) })),
    );
    for (const { id, leaf } of ports) {
      const shown = others.flatMap((one) => {
        const port = one.environment.observations.find((other) => other.id === id);
        const other = leafAt(one, id);
        return port?.state === 'ok' && other ? [{ one, other }] : [];
      });
      const [first] = shown;
      const [differs] = shown.filter(({ other }) => leaf && other.fingerprint256 !== leaf.fingerprint256);
      // One that was renewed in between, or one server of several, is another certificate of the same issuer.
      if (!first || !leaf || !differs || shown.some(({ other }) => other.issuer === leaf.issuer)) continue;
      return {
        blames: 'vantage',
        why: `${list(shown.map(({ one }) => nameOf(one)))} ${shown.length === 1 ? 'is' : 'are'} shown another certificate there (issued by ${quoted(first.other.issuer)}), which verifies, so something at ${list(seers.map(nameOf))} puts its own in place of it.`,
        fix: `Exempt the deployment from TLS inspection at ${list(seers.map(nameOf))}; the deployment shows the others its own certificate.`,
      };
    }
    return undefined;
  },
};
