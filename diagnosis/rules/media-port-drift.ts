/** Media that works, at another port than the claimed one. */
import type { Evidence } from '../../evidence/run.js';
import { addressOf, advertised, destination, type Protocol, worked } from '../checks.js';
import { claimedPorts, isWithin, portSetting } from '../claimed.js';
import { ids } from '../look.js';
import { rule } from '../rule.js';
import { list } from '../words.js';

interface PortDriftArgs {
  addresses: string[];
  protocol: Protocol;
  /** What is claimed: a port, or a range like `30001-30009`. */
  expected: string;
  /** At which ports the media answered. */
  observed: number[];
  destinations: string[];
}

function drifts(evidence: Evidence, protocol: Protocol) {
  const expected = claimedPorts(evidence, protocol);
  const offered = advertised(evidence, protocol);
  if (!expected || offered.some(({ facts }) => isWithin(facts.port, expected))) return [];
  const working = offered.filter(worked);
  if (working.length === 0) return [];
  const args: PortDriftArgs = {
    addresses: [...new Set(working.map(addressOf))],
    protocol,
    expected,
    observed: [...new Set(working.map(({ facts }) => facts.port))],
    destinations: [...new Set(working.map(destination))],
  };
  return [{ args, evidence: ids(...working) }];
}

export const mediaPortDrift = rule<PortDriftArgs>({
  code: 'media-port-drift',
  severity: 'warning',
  explainedBy: [],
  find: (evidence) => [...drifts(evidence, 'udp'), ...drifts(evidence, 'tcp')],
  prose: ({ protocol, expected, observed, destinations }) => {
    const name = protocol.toUpperCase();
    const key = `media.${protocol}`;
    const isRange = expected.includes('-');
    return {
      summary: `Media works over ${name}, but at port ${list(observed.map(String))} instead of the claimed ${expected}.`,
      cause: `The server advertises ${list(destinations)}, and \`${key}\` claims ${isRange ? 'a range without it' : 'another port'}: the port was changed in the server and in what stands in front of it, and not in the environment.`,
      fix: isRange
        ? `Set \`${key}\` to the range that has ${list(observed.map(String))} (\`rtc.port_range_start\` to \`rtc.port_range_end\`) if that is how it should be; otherwise set ${portSetting(protocol, expected)}, and the ports that are exposed.`
        : `Set \`${key}: ${observed[0]}\` in the environment if that is how it should be; otherwise set ${portSetting(protocol, expected)}, and the port that is exposed. Firewalls that know ${expected} alone (those of your users' networks, too) have to be told.`,
    };
  },
});
