/** How rules look at what the cluster says. */
import type { KubernetesFacts, ServiceFacts } from '../evidence/facts.js';
import type { Evidence } from '../evidence/run.js';
import { look } from './look.js';

/** What was read of the cluster; undefined where the environment names none, and where it could not be read. */
export function cluster(evidence: Evidence): { id: string; facts: KubernetesFacts } | undefined {
  return look(evidence, 'kubernetes').find(({ state }) => state === 'ok');
}

/** EXTERNAL-IPs at which the media is to be reached. */
export function mediaAddresses({ media }: KubernetesFacts): string[] {
  return media.flatMap(({ addresses }) => addresses);
}

/** Something that nobody needs to look up: `Service livekit-rtc has EXTERNAL-IP 20.4.5.9`; undefined if none has it. */
export function holderOf(evidence: Evidence, address: string): string | undefined {
  const { media = [], turn } = cluster(evidence)?.facts ?? {};
  const all: ServiceFacts[] = [...media, ...(turn ? [turn] : [])];
  return all.find(({ addresses }) => addresses.includes(address))?.name;
}
