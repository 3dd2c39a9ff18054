/** `address`: whether the further addresses of the signalling host answer too; a client may pick any of them. */
import { isIP } from 'node:net';
import { seen } from '../evidence/facts.js';
import { connectTcp } from './connect.js';
import type { Known, Outcome, Probe, Target, Tools } from './probe.js';

interface Address extends Target {
  readonly host: string;
  readonly address: string;
  readonly port: number;
}

const mostAddresses = 8;

function targets({ environment: { url }, observations }: Known): Address[] {
  const port = Number(url.port || (url.protocol === 'wss:' ? 443 : 80));
  const names = seen(observations.values(), 'dns').filter(({ facts }) => facts.role === 'signal');
  return names.flatMap(({ facts: { name, addresses } }) =>
    addresses.slice(1, mostAddresses).map((address) => {
      const id = `address:${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
      return { id, host: name, address, port };
    }),
  );
}

async function observe({ host, address, port }: Address, { now, signal }: Tools): Promise<Outcome> {
  const startMs = now();
  const connected = await connectTcp({ host, address, port }, signal);
  const facts = { host, address, port };
  if ('failure' in connected) return { state: 'failed', facts, failure: connected.failure };
  connected.socket.destroy();
  return { state: 'ok', facts: { ...facts, connectMs: now() - startMs } };
}

export const address: Probe<Address> = { name: 'address', depth: 'wire', deadlineMs: 4000, targets, observe };
