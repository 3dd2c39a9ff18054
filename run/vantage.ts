/** Where a run is made from, as the run document says it. */
import { hostname, platform, release } from 'node:os';
import { isPrivate, splitAddress } from '../diagnosis/address.js';
import { mappingOf, natDestinations } from '../diagnosis/nat.js';
import { seen } from '../evidence/facts.js';
import type { Observation, Vantage } from '../evidence/run.js';
import { ownAddresses } from '../probes/vantage.js';

const isOutside = (mapped: string): boolean => !isPrivate(splitAddress(mapped).address);

/**
 * What the far sides of every environment saw of us, taken together. `mapped` is what the outermost one saw: a public
 * address rather than one that only a private network knows, and of several the first that was seen. `natMapping` is what
 * all of them together show. Of several clocks the one nearest to ours counts: ours is only off if all of them say so. `name`: what this
 * place shall be called, instead of what the machine is.
 */
export function describeVantage(observations: readonly Observation[], name = hostname()): Vantage {
  const addresses = ownAddresses();
  const overUdp = [
    ...natDestinations(observations).map(({ mapped }) => mapped),
    ...seen(observations, 'ice-udp').map(({ facts }) => facts.mapped),
  ].filter((mapped) => mapped !== undefined);
  const overTcp = seen(observations, 'ice-tcp').flatMap(({ facts }) => facts.mapped ?? []);
  const udp = overUdp.find(isOutside) ?? overUdp[0];
  const tcp = overTcp.find(isOutside) ?? overTcp[0];
  const skews = seen(observations, 'signal').flatMap(({ facts }) => facts.clockSkewMs ?? []);
  const [clockSkewMs] = skews.sort((a, b) => Math.abs(a) - Math.abs(b));
  const { mapping } = mappingOf(observations);
  const outside = udp && splitAddress(udp).address;
  const isOurs = outside !== undefined && (addresses.includes(outside) || /^127\.|^::1$/.test(outside));
  return {
    name,
    os: `${platform()} ${release()}`,
    addresses,
    mapped: { ...(udp && { udp }), ...(tcp && { tcp }) },
    // Without the probe `nat` one far side says that nothing is translated, or nothing.
    natMapping: mapping === 'unknown' && isOurs ? 'none' : mapping,
    ...(clockSkewMs !== undefined && { clockSkewMs }),
  };
}
