/** What the cluster says, for probes that look where it says the media is. */
import type { KubernetesFacts } from '../evidence/facts.js';
import type { Known } from './probe.js';

function services(known: Known): KubernetesFacts['media'] {
  const seen = known.observations.get('kubernetes');
  return seen?.state === 'ok' ? ((seen.facts as unknown as KubernetesFacts).media ?? []) : [];
}

/** EXTERNAL-IPs of the media Services. */
export function mediaAddresses(known: Known): string[] {
  return services(known).flatMap(({ addresses }) => addresses);
}

/** At which these take UDP from outside. */
export function udpPorts(known: Known): number[] {
  return services(known).flatMap(({ type, ports }) =>
    ports.flatMap(({ protocol, port, nodePort }) =>
      protocol === 'UDP' ? ((type === 'NodePort' ? nodePort : port) ?? []) : [],
    ),
  );
}
