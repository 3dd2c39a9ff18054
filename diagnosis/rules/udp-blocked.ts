import { beforeSilence } from '../causes.js';
import {
  addressOf,
  advertised,
  destination,
  iceChecks,
  orWrongAddress,
  silent,
  silentStunServers,
  turnAnswered,
  turnChecks,
  worked,
} from '../checks.js';
import { ids, look } from '../look.js';
import { natAnswered, natDestinations } from '../nat.js';
import { severityOf } from '../offered.js';
import { type Args, rule } from '../rule.js';
import { list } from '../words.js';

interface BlockedArgs extends Args {
  destinations: string[];
  /** Hosts of STUN servers outside of the deployment that are silent as well. */
  outside: string[];
}

/** Every UDP destination is silent while TCP works, and one of them is none of the media port's: TURN or STUN. */
export const udpBlockedAtVantage = rule<BlockedArgs>({
  code: 'udp-blocked-at-vantage',
  severity: 'error',
  explainedBy: beforeSilence,
  blames: 'vantage',
  find(evidence) {
    const media = iceChecks(evidence, 'udp');
    const turn = look(evidence, 'turn-udp');
    const stun = silentStunServers(evidence);
    const all = [...media, ...turn];
    // What was only guessed must be silent as well, and tells a reader nothing.
    const named = [...advertised(evidence, 'udp'), ...turn];
    const controls = [
      ...iceChecks(evidence, 'tcp').filter(worked),
      ...turnChecks(evidence).filter((check) => check.probe !== 'turn-udp' && turnAnswered(check)),
    ];
    if (natDestinations(evidence.observations).some(natAnswered)) return [];
    if (turn.length + stun.length === 0 || controls.length === 0) return [];
    if (!media.some(silent) || !all.every(silent)) return [];
    return [
      {
        args: {
          destinations: [...new Set([...named.map(destination), ...stun.map((one) => one.destination)])],
          outside: [...new Set(stun.map(({ host }) => host))],
        },
        evidence: ids(...named, ...stun, ...controls),
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
  prose: ({ destinations, outside }) => ({
    summary: 'No UDP at all seems to pass from this network, so nothing can be said about the UDP paths.',
    cause: `${list(destinations)} are all silent, ${
      outside.length > 0
        ? `public STUN servers (${list(outside)}) that have nothing to do with the deployment among them`
        : 'the TURN port among them'
    }, while TCP to the deployment works.`,
    fix: `Run the check from another network, or allow outbound UDP here; participants on a network like this one are carried by TCP or by TURN over TLS.`,
  }),
});
