/** How far away the deployment is, for those who must give it time. */
import { type IceFacts, seen, type TlsFacts } from '../evidence/facts.js';
import type { Known } from './probe.js';

/** Further away than by satellite and back; what looks longer is mostly a packet that was lost and sent again. */
const longestMs = 1000;

/**
 * A round trip to the media ports, in milliseconds: the shortest of those that were measured, since a packet that was lost
 * and sent again looks like a long one. Where none of them answered: to the signalling host. 0 as long as nobody knows.
 */
export function mediaRoundTripMs({ observations }: Pick<Known, 'observations'>): number {
  const all = [...observations.values()];
  const checks = [...seen(all, 'ice-udp'), ...seen(all, 'ice-tcp')].map(
    ({ facts }) => (facts as Partial<IceFacts>).rttMs,
  );
  const handshakes = seen(all, 'tls')
    .filter(({ facts }) => (facts as Partial<TlsFacts>).role === 'signal')
    .map(({ facts }) => (facts as Partial<TlsFacts>).connectMs);
  const shortest = (times: readonly (number | undefined)[]): number =>
    Math.min(...times.filter((time) => time !== undefined));
  const [toMedia, toSignal] = [shortest(checks), shortest(handshakes)];
  const known = Number.isFinite(toMedia) ? toMedia : Number.isFinite(toSignal) ? toSignal : 0;
  return Math.min(known, longestMs);
}
