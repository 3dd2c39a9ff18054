/** What the NAT of the vantage does to UDP: notes that explain, and no fault of the deployment. */
import type { IdleTrial } from '../../evidence/facts.js';
import { ids, look } from '../look.js';
import { mappingOf } from '../nat.js';
import { type Args, rule } from '../rule.js';
import { list } from '../words.js';

interface MappingArgs extends Args {
  mapped: { destination: string; mapped: string }[];
}

export const natEndpointDependent = rule<MappingArgs>({
  code: 'nat-endpoint-dependent',
  severity: 'info',
  explainedBy: [],
  find({ observations }) {
    const { mapping, destinations } = mappingOf(observations);
    if (mapping !== 'endpoint-dependent') return [];
    const mapped = destinations.map(({ destination, mapped }) => ({ destination, mapped }));
    return [{ args: { mapped }, evidence: ids(...destinations) }];
  },
  prose: ({ mapped }) => ({
    summary: 'The NAT here gives one socket another address or port for each destination ("symmetric" NAT).',
    cause: `One socket is seen as ${list(mapped.map((one) => `${one.mapped} by ${one.destination}`))}: endpoint-dependent mapping (RFC 4787 §4.1).`,
    fix: 'Nothing needs to change: a LiveKit server with a public address learns the mapping from the checks that it receives; only calls from peer to peer, and servers that are behind NAT themselves, would need a relay.',
  }),
});

interface BindingArgs extends Args {
  /** Seconds: the longest idle time that a mapping outlived, 0 where none did, and the shortest that it did not. */
  livedS: number;
  goneS: number;
  inbound: boolean;
  by: string;
}

/** RFC 4787 §4.3, REQ-5: not less than two minutes. */
const requiredMs = 120_000;
/** Shorter than this, more than the RFC is at stake: what sends every 30 s, as signalling and many keep-alives do, is late. */
const shortMs = 30_000;

function isGone({ cameIn, mapped, mappedAfter }: IdleTrial): boolean {
  return cameIn === undefined ? mappedAfter !== undefined && mappedAfter !== mapped : !cameIn;
}

const inSeconds = (ms: number): number => Math.round(ms / 100) / 10;

export const natBindingShort = rule<BindingArgs>({
  code: 'nat-binding-short',
  severity: 'warning',
  explainedBy: ['vantage-starved'],
  find(evidence) {
    return look(evidence, 'nat-binding').flatMap(({ id, facts: { trials, method, by } }) => {
      const sorted = [...trials].sort((a, b) => a.idleMs - b.idleMs);
      // What is gone once is gone: a socket that was silent between others that were not has lost packets.
      const firstGone = sorted.findIndex((_, index) => sorted.slice(index).every(isGone));
      const gone = sorted[firstGone];
      if (!gone || gone.idleMs > requiredMs) return [];
      const lived = sorted[firstGone - 1]?.idleMs ?? 0;
      return [
        {
          args: { livedS: inSeconds(lived), goneS: inSeconds(gone.idleMs), inbound: method === 'inbound', by },
          evidence: [id],
          severity: gone.idleMs <= shortMs ? ('warning' as const) : ('info' as const),
        },
      ];
    });
  },
  prose: ({ livedS, goneS, inbound, by }) => ({
    summary: `The NAT or firewall here forgets a UDP mapping that is idle for ${goneS} s${
      livedS > 0 ? ` (${livedS} s it outlives)` : ''
    }.`,
    cause: `${
      inbound
        ? `After ${goneS} s without a packet, nothing that a relay (${by}) sends to the mapped address comes in any more`
        : `After ${goneS} s without a packet, ${by} sees another mapped port`
    }; RFC 4787 §4.3 (REQ-5) asks for two minutes at least.`,
    fix: 'Raise the UDP timeout of the router or firewall to 120 s or more (Linux: `net.netfilter.nf_conntrack_udp_timeout` and `nf_conntrack_udp_timeout_stream`); calls send every few seconds (ICE consent checks) and go on, but a participant whose application is in the background or asleep for longer has to reconnect.',
  }),
});
