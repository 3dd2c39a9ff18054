import { beforeSilence } from '../causes.js';
import {
  addressOf,
  advertised,
  destination,
  iceChecks,
  orWrongAddress,
  silent,
  turnAnswered,
  turnChecks,
  worked,
} from '../checks.js';
import { ids, look } from '../look.js';
import { severityOf } from '../offered.js';
import { type Args, rule } from '../rule.js';
import { list } from '../words.js';

/** Every UDP destination is silent while TCP works, and one of them is none of the media port's: TURN. */
export const udpBlockedAtVantage = rule<Args & { destinations: string[] }>({
  code: 'udp-blocked-at-vantage',
  severity: 'error',
  explainedBy: beforeSilence,
  blames: 'vantage',
  find(evidence) {
    const media = iceChecks(evidence, 'udp');
    const turn = look(evidence, 'turn-udp');
    const all = [...media, ...turn];
    const controls = [
      ...iceChecks(evidence, 'tcp').filter(worked),
      ...turnChecks(evidence).filter((check) => check.probe !== 'turn-udp' && turnAnswered(check)),
    ];
    if (!media.some(silent) || turn.length === 0 || !all.every(silent) || controls.length === 0) return [];
    return [
      {
        args: { destinations: [...new Set(all.map(destination))] },
        evidence: ids(...all, ...controls),
        severity: severityOf(evidence, 'udp', 'turn-udp'),
        alternatives: [
          {
            code: 'udp-filtered',
            separateBy:
              "Run the check from another network: if UDP is silent there too, the deployment's firewall drops it.",
          },
          ...orWrongAddress(evidence, [...new Set(advertised(evidence, 'udp').map(addressOf))]),
        ],
      },
    ];
  },
  prose: ({ destinations }) => ({
    summary: 'No UDP at all seems to pass from this network, so nothing can be said about the UDP paths.',
    cause: `${list(destinations)} are all silent, the TURN port among them, while TCP to the same deployment works.`,
    fix: `Run the check from another network, or allow outbound UDP here; participants on a network like this one are carried by TCP or by TURN over TLS.`,
  }),
});
