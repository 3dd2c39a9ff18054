/** Names that do not exist yet: the zone is asked first, so that no resolver remembers that they were missing. */
import { createSocket } from 'node:dgram';
import packet from 'dns-packet';
import t, { type Test } from 'tap';
import { redactor } from '../../evidence/redaction.js';
import { allPaths, type Observation } from '../../evidence/run.js';
import { type DnsRecords, startDnsServer } from '../../fixtures/dns-server.js';
import { dns } from '../../probes/dns.js';
import { observeEnvironment } from '../../run/planner.js';
import { inOwnNamespace } from '../fixtures/own-namespace.js';

const name = 'livekit.staging.doctor.test';
const zoneServer = '127.0.0.1';
const lateServer = '127.0.0.2';
const resolver = '127.0.0.53';

interface Scene {
  readonly zone: DnsRecords;
  readonly late: DnsRecords;
  /** Of this network only: what the resolver knows by itself. */
  readonly local: Set<string>;
  /** With which the resolver was asked to ask others. */
  readonly asked: string[];
}

/** Knows the servers of the domain, passes on what it is asked for, and notes it. */
async function startResolver(t: Test, { zone, local, asked }: Scene, servers: readonly string[]): Promise<void> {
  const socket = createSocket('udp4', (bytes, from) => {
    const { id, questions = [], flags = 0 } = packet.decode(bytes);
    const { name: of = '', type } = questions[0] ?? {};
    const isDesired = (flags & packet.RECURSION_DESIRED) !== 0;
    if (isDesired) asked.push(`${type} ${of}`);
    const index = /^ns(\d)\.doctor\.test$/.exec(of)?.[1];
    const addresses = local.has(of)
      ? ['192.0.2.9']
      : index !== undefined
        ? [servers[Number(index)] ?? '']
        : isDesired
          ? (zone.get(of) ?? []).map(({ data }) => data)
          : [];
    const a = type === 'A' ? addresses.map((data) => ({ type: 'A' as const, name: of, data, ttl: 1 })) : [];
    const ns =
      type === 'NS' && of === 'doctor.test'
        ? servers.map((_, i) => ({ type: 'NS' as const, name: of, data: `ns${i}.doctor.test` }))
        : [];
    const answers = [...a, ...ns];
    const rcode = answers.length > 0 ? 0 : isDesired ? 3 : 5;
    socket.send(packet.encode({ type: 'response', id, flags: rcode, questions, answers }), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(53, resolver, resolve));
  t.teardown(() => socket.close());
}

async function scene(t: Test, servers: readonly string[] = [zoneServer]): Promise<Scene> {
  const made: Scene = { zone: new Map(), late: new Map(), local: new Set(), asked: [] };
  for (const address of servers) {
    const records = address === zoneServer ? made.zone : made.late;
    const server = await startDnsServer({ address, port: 53, zone: 'doctor.test', records });
    t.teardown(() => server.stop());
  }
  await startResolver(t, made, servers);
  return made;
}

async function look(zoneFirst: boolean): Promise<Observation> {
  const found = await observeEnvironment({
    environment: {
      name: 'x',
      url: new URL(`wss://${name}`),
      auth: { apiKey: 'key', apiSecret: 'a-secret' },
      claims: {},
      resolvers: [resolver],
    },
    probes: [dns],
    depth: 'wire',
    paths: allPaths,
    ...(zoneFirst && { zoneFirst }),
    redactor: redactor(),
    now: () => performance.now(),
    signal: new AbortController().signal,
  });
  return found[0] as Observation;
}

const forName = (asked: readonly string[]): string[] => asked.filter((one) => one.includes('staging'));

if (await inOwnNamespace(t, import.meta.url)) {
  t.test(
    'a name that the zone does not know is asked of no resolver, nor is anything between it and the domain',
    async (t) => {
      const { zone, asked } = await scene(t);
      t.match(await look(true), {
        state: 'failed',
        failure: { kind: 'nxdomain' },
        facts: { answers: [{ resolver: `${zoneServer}:53`, rcode: 'NXDOMAIN', authority: true }], addresses: [] },
      });
      t.same(forName(asked), []);
      zone.set(name, [{ type: 'TXT', data: 'no address' }]);
      t.match(await look(true), { state: 'failed', failure: { kind: 'no-address' } });
      t.same(forName(asked), []);
      zone.set(name, [{ type: 'A', data: '192.0.2.1' }]);
      t.match(await look(true), { state: 'ok', facts: { addresses: ['192.0.2.1'] } });
      t.same(forName(asked).sort(), [`A ${name}`, `AAAA ${name}`], 'now the resolver may know');
    },
  );

  t.test('an address of IPv6 alone, or a canonical name, is one', async (t) => {
    const { zone, asked } = await scene(t);
    zone.set(name, [{ type: 'AAAA', data: '2001:db8::1' }]);
    await look(true);
    t.not(forName(asked).length, 0);
    asked.length = 0;
    zone.set(name, [{ type: 'CNAME', data: 'balancer.other.test' }]);
    await look(true);
    t.not(forName(asked).length, 0);
  });

  t.test('as long as one of its servers does not know it yet, a resolver might ask just that one', async (t) => {
    const { zone, late, asked } = await scene(t, [zoneServer, lateServer]);
    zone.set(name, [{ type: 'A', data: '192.0.2.1' }]);
    t.match(await look(true), { state: 'failed', facts: { answers: [{ resolver: `${lateServer}:53` }] } });
    t.same(forName(asked), []);
    late.set(name, [{ type: 'A', data: '192.0.2.1' }]);
    t.equal((await look(true)).state, 'ok');
  });

  t.test('a record that only exists in this network counts', async (t) => {
    const { local } = await scene(t);
    local.add(name);
    t.match(await look(true), { state: 'ok', facts: { addresses: ['192.0.2.9'] } });
  });

  t.test('where the zone cannot be asked the resolvers are', async (t) => {
    const { zone } = await scene(t, []);
    zone.set(name, [{ type: 'A', data: '192.0.2.1' }]);
    t.equal((await look(true)).state, 'ok');
  });

  t.test('a check asks the resolvers right away', async (t) => {
    const { asked } = await scene(t);
    t.match(await look(false), { state: 'failed', failure: { kind: 'nxdomain' } });
    t.not(forName(asked).length, 0);
  });
}
