/** Where a run is made from, as the run document says it. */
import { hostname, platform, release } from 'node:os';
import { seen } from '../evidence/facts.js';
import type { Observation, Vantage } from '../evidence/run.js';
import { ownAddresses } from '../probes/vantage.js';

/** What the far sides saw of us, taken together. `natMapping` needs several destinations and one socket (RFC 4787). */
export function describeVantage(observations: readonly Observation[]): Vantage {
  const addresses = ownAddresses();
  const udp = seen(observations, 'ice-udp').find(({ facts }) => facts.mapped)?.facts.mapped;
  const tcp = seen(observations, 'ice-tcp').find(({ facts }) => facts.mapped)?.facts.mapped;
  const clockSkewMs = seen(observations, 'signal').find(({ facts }) => facts.clockSkewMs !== undefined)?.facts
    .clockSkewMs;
  const outside = udp?.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  const isOurs = outside !== undefined && (addresses.includes(outside) || /^127\.|^::1$/.test(outside));
  return {
    name: hostname(),
    os: `${platform()} ${release()}`,
    addresses,
    mapped: { ...(udp && { udp }), ...(tcp && { tcp }) },
    natMapping: isOurs ? 'none' : 'unknown',
    ...(clockSkewMs !== undefined && { clockSkewMs }),
  };
}
