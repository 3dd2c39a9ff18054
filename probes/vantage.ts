/** `vantage`: what can be known of this machine without asking the deployment. */
import { getServers } from 'node:dns';
import { networkInterfaces } from 'node:os';
import type { VantageFacts } from '../evidence/facts.js';
import type { Outcome, Probe, Tools } from './probe.js';

/** Addresses of every interface that is up, without loopback and IPv6 link-local ones. */
export function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => address);
}

async function observe(_target: unknown, { known }: Tools): Promise<Outcome> {
  const addresses = ownAddresses();
  const resolvers = [...(known.environment.resolvers ?? getServers())];
  const facts: VantageFacts = { hasNetwork: addresses.length > 0, addresses, resolvers };
  return { state: 'ok', facts: { ...facts } };
}

export const vantage: Probe = {
  name: 'vantage',
  depth: 'wire',
  deadlineMs: 1000,
  targets: () => [{ id: 'vantage' }],
  observe,
};
