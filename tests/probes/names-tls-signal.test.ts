/** `dns`, `tls` and `signal` against real local servers, most of them broken on purpose. */
import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, createServer as createTcp, type Server, type Socket } from 'node:net';
import { createSecureContext, createServer as createTls, type TlsOptions } from 'node:tls';
import packet from 'dns-packet';
import t, { type Test } from 'tap';
import { WebSocketServer } from 'ws';
import type { Environment } from '../../environment/environment.js';
import { redactor } from '../../evidence/redaction.js';
import type { Observation } from '../../evidence/run.js';
import { allPaths } from '../../evidence/run.js';
import { type CertificateOptions, makeCertificate } from '../../fixtures/certificates.js';
import { type DnsRecords, startDnsServer } from '../../fixtures/dns-server.js';
import { dns } from '../../probes/dns.js';
import type { Outcome, Probe, Tools } from '../../probes/probe.js';
import { signal } from '../../probes/signal.js';
import { tls } from '../../probes/tls.js';
import { shake as shakeHands } from '../../probes/tls-handshake.js';
import { observeEnvironment } from '../../run/planner.js';
import { iceServer, knowing } from './ice-turn-world.js';

const secret = 'a-secret-that-nobody-may-see-in-any-output';
const host = 'livekit.doctor.test';

async function look(probe: string, environment: Partial<Environment> & { url: URL }): Promise<Observation> {
  const probes: Probe[] = [dns, tls, signal];
  const found = await observeEnvironment({
    environment: { name: 'x', auth: { apiKey: 'key', apiSecret: secret }, claims: {}, ...environment },
    probes,
    depth: 'wire',
    paths: allPaths,
    only: [probe],
    redactor: redactor(),
    now: () => performance.now(),
    signal: new AbortController().signal,
  });
  const text = JSON.stringify(found);
  t.notMatch(text, secret, 'the secret is nowhere');
  t.notMatch(text, 'eyJ', 'no token is anywhere');
  return found.find((one) => one.probe === probe) as Observation;
}

async function listening(t: Test, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** A resolver that knows one name at 127.0.0.1, unless told otherwise. */
async function resolver(t: Test, records: DnsRecords = new Map([[host, [{ type: 'A', data: '127.0.0.1' }]]])) {
  const server = await startDnsServer({ address: '127.0.0.1', zone: 'test', records });
  t.teardown(() => server.stop());
  return `127.0.0.1:${server.port}`;
}

async function refusedPort(): Promise<number> {
  const server = createTcp();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

t.test('dns', async (t) => {
  const records: DnsRecords = new Map([
    ['one.test', [{ type: 'A', data: '192.0.2.1', ttlS: 77 }]],
    [
      'both.test',
      [
        { type: 'AAAA', data: '2001:db8::1' },
        { type: 'A', data: '192.0.2.2' },
      ],
    ],
    ['alias.test', [{ type: 'CNAME', data: 'one.test' }]],
    ['text.test', [{ type: 'TXT', data: 'no address' }]],
  ]);
  const server = await resolver(t, records);
  const ask = (name: string, resolvers = [server]) => look('dns', { url: new URL(`wss://${name}`), resolvers });

  t.test('an address, with its TTL, from the resolver that was claimed', async (t) => {
    const { state, facts } = await ask('one.test');
    t.equal(state, 'ok');
    t.match(facts, { name: 'one.test', role: 'signal', source: 'resolver', addresses: ['192.0.2.1'] });
    t.match((facts.answers as object[])[0], { resolver: server, type: 'A', rcode: 'NOERROR', ttlS: 77 });
  });
  t.test('IPv4 comes first', async (t) => {
    t.same((await ask('both.test')).facts.addresses, ['192.0.2.2', '2001:db8::1']);
  });
  t.test('a CNAME is followed and shown', async (t) => {
    const { facts } = await ask('alias.test');
    t.same(facts.addresses, ['192.0.2.1']);
    t.same((facts.answers as { cnames: string[] }[])[0]?.cnames, ['one.test']);
  });
  t.test('a name that is not there', async (t) => {
    t.match(await ask('none.test'), { state: 'failed', failure: { kind: 'nxdomain' } });
  });
  t.test('a name without an address', async (t) => {
    t.match(await ask('text.test'), { state: 'failed', failure: { kind: 'no-address' } });
  });
  t.test('a resolver that is not there', async (t) => {
    const dead = `127.0.0.1:${await refusedPort()}`;
    t.match(await ask('one.test', [dead]), { state: 'failed', failure: { kind: 'no-answer' } });
    t.match(await ask('one.test', [dead, server]), { state: 'ok', facts: { addresses: ['192.0.2.1'] } });
  });
  t.test('an address and localhost ask nobody', async (t) => {
    const literal = await look('dns', { url: new URL('wss://[2001:db8::7]:7880') });
    t.match(literal, { id: 'dns:2001:db8::7', state: 'ok', facts: { source: 'literal', addresses: ['2001:db8::7'] } });
    const local = await look('dns', { url: new URL('ws://localhost:7880') });
    t.match(local, { state: 'ok', facts: { source: 'hosts-file' } });
  });
});

t.test("a zone cannot send us into the visitor's own network", async (t) => {
  // It knows no name, and says that the zone's server is at an address where something of the visitor's may be.
  const socket = createSocket('udp4', (bytes, from) => {
    const { id, questions = [] } = packet.decode(bytes);
    const { name = '', type } = questions[0] ?? {};
    const ns = type === 'NS' ? [{ type: 'NS' as const, name, data: 'ns.zone.test' }] : [];
    const a = type === 'A' && name === 'ns.zone.test' ? [{ type: 'A' as const, name, data: '127.0.66.6' }] : [];
    const answers = [...ns, ...a];
    const reply: packet.Packet = {
      id: id ?? 0,
      type: 'response',
      flags: answers.length > 0 ? 0 : 3,
      questions,
      answers,
    };
    socket.send(packet.encode(reply), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  const asked = async (url: string, name: string): Promise<string[]> => {
    const shared = { iceServers: [iceServer(`turns:${name}:443`)] };
    const known = knowing({ url, shared, names: { 'livekit.zone.test': ['203.0.113.7'] } });
    const environment = { ...known.environment, resolvers: [`127.0.0.1:${socket.address().port}`] };
    const target = [dns.targets({ ...known, environment })]
      .flat()
      .find((one) => 'id' in one && one.id === `dns:${name}`);
    const signal = new AbortController().signal;
    const tools: Partial<Tools> = { known: { ...known, environment }, signal };
    const { facts } = await dns.observe(target as never, tools as Tools);
    return (facts.answers as { resolver: string; authority?: true }[])
      .filter(({ authority }) => authority)
      .map(({ resolver: at }) => at);
  };
  t.same(await asked('wss://livekit.zone.test', 'turn.zone.test'), [], 'for a name of the server alone');
  t.ok((await asked('wss://turn.zone.test', 'turn.zone.test')).includes('127.0.66.6:53'), "for the operator's own");
});

t.test('tls', async (t) => {
  const authority = await makeCertificate({ subject: 'CN=Test CA', ca: true });
  const day = 86_400_000;

  const serve = async (t: Test, certificate: Partial<CertificateOptions>, options: TlsOptions = {}) => {
    const leaf = await makeCertificate({ names: [host], issuer: authority, ...certificate });
    return listening(
      t,
      createTls({ key: leaf.privateKey, cert: leaf.chain, ...options }, (socket) => socket.on('error', () => {})),
    );
  };
  const shake = async (t: Test, port: number, ca: string | undefined = authority.certificate) =>
    look('tls', { url: new URL(`wss://${host}:${port}`), resolvers: [await resolver(t)], ...(ca && { ca }) });

  t.test('a good one, with the chain as it was sent', async (t) => {
    const { state, facts } = await shake(t, await serve(t, {}));
    t.equal(state, 'ok');
    t.match(facts, { protocol: 'TLSv1.3', host, address: '127.0.0.1', role: 'signal' });
    t.match(facts.chain, [{ subject: `CN=${host}`, issuer: 'CN=Test CA', subjectAltNames: [`DNS:${host}`] }]);
    t.match((facts.chain as { spkiSha256: string }[])[0]?.spkiSha256, /^[\w+/]{43}=$/);
  });
  t.test('the chain of a port that was looked at before is not read again, for Node loses memory by it', async (t) => {
    const leaf = await makeCertificate({ names: [host], issuer: authority });
    const server = createTls({ key: leaf.privateKey, cert: leaf.chain }, (socket) => socket.on('error', () => {}));
    const port = await listening(t, server);
    const signal = new AbortController().signal;
    const chain = async (ca: string | undefined = authority.certificate) => {
      const found = await shakeHands({ host, address: '127.0.0.1', port }, { ca, servername: host, signal });
      found.secure?.destroy();
      return found.chain ?? [];
    };
    const first = await chain();
    t.match(first, [{ issuer: 'CN=Test CA' }]);
    t.equal(await chain(), first, 'the very same');
    t.not(await chain(leaf.certificate), first, 'unless something else came of the handshake');
    const renewed = await makeCertificate({ names: [host], issuer: authority });
    server.setSecureContext({ key: renewed.privateKey, cert: renewed.chain });
    const { serialNumber } = new X509Certificate(renewed.certificate);
    t.match(await chain(), [{ serialNumber }], 'or the certificate is another one');
  });
  t.test('expired', async (t) => {
    const port = await serve(t, { notBefore: new Date(Date.now() - 9 * day), notAfter: new Date(Date.now() - day) });
    t.match(await shake(t, port), {
      state: 'failed',
      failure: { kind: 'chain' },
      facts: { chainError: 'CERT_HAS_EXPIRED', chain: [{ subject: `CN=${host}` }] },
    });
  });
  t.test('expired, with the clock of the server that shows it', async (t) => {
    const leaf = await makeCertificate({
      names: [host],
      issuer: authority,
      notBefore: new Date(Date.now() - 9 * day),
      notAfter: new Date(Date.now() - day),
    });
    const server = createHttps({ key: leaf.privateKey, cert: leaf.chain }, (_request, response) => response.end());
    const { facts } = await shake(t, await listening(t, server));
    const { peerDate, ourDate } = facts as unknown as { peerDate: string; ourDate: string };
    t.ok(Math.abs(Date.parse(peerDate) - Date.parse(ourDate)) < 10_000, `${peerDate} is about ${ourDate}`);
  });
  t.test('another certificate for clients without SNI', async (t) => {
    const fallback = await makeCertificate({ names: ['default.test'], issuer: authority });
    const mine = await makeCertificate({ names: ['mine.test'], issuer: authority });
    const context = createSecureContext({ key: mine.privateKey, cert: mine.chain });
    const port = await serve(
      t,
      {},
      {
        key: fallback.privateKey,
        cert: fallback.chain,
        SNICallback: (_name, done) => done(null, context),
      },
    );
    const { facts } = await shake(t, port);
    const { chain, withoutSni } = facts as unknown as { chain: { fingerprint256: string }[]; withoutSni: object };
    t.match(withoutSni, {
      fingerprint256: new X509Certificate(fallback.certificate).fingerprint256.replaceAll(':', '').toLowerCase(),
    });
    t.not(chain[0]?.fingerprint256, (withoutSni as { fingerprint256: string }).fingerprint256);
  });
  t.test('only an old version', async (t) => {
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
    t.match(await shake(t, await serve(t, {}, old)), { failure: { kind: 'tls' }, facts: { olderProtocol: 'TLSv1.1' } });
  });
  t.test('a way that loses what is large answers a small hello', async (t) => {
    const behind = await serve(t, {});
    const port = await listening(
      t,
      createTcp((near) => {
        const far = connect(behind, '127.0.0.1');
        near.on('data', (data) => far.write(data)).on('close', () => far.destroy());
        far.on('error', () => {}).on('data', (data) => data.length < 300 && near.write(data));
      }),
    );
    t.match(await shake(t, port), { failure: { kind: 'timeout' }, facts: { smallHello: 'answered' } });
  });
  t.test('another name', async (t) => {
    const port = await serve(t, { names: ['other.test'] });
    const found = await shake(t, port);
    t.match(found, { state: 'failed', failure: { kind: 'name' }, facts: { nameError: /other\.test/ } });
    t.notOk(found.facts.chainError);
  });
  t.test('a date that cannot be read', async (t) => {
    const leaf = await makeCertificate({ names: [host] });
    const der = Buffer.from(new X509Certificate(leaf.certificate).raw);
    // UTCTime of 13 bytes (RFC 5280 §4.1.2.5.1): the first is notBefore.
    der.write('99999999', der.indexOf(Buffer.from('170d', 'hex')) + 4);
    const pem = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
    const port = await listening(t, createTls({ key: leaf.privateKey, cert: pem }));
    t.match(await shake(t, port), { state: 'failed', failure: { kind: 'chain' }, facts: { chain: [] } });
  });
  t.test('an issuer that nobody named', async (t) => {
    const found = await shake(t, await serve(t, {}), '');
    t.match(found, {
      state: 'failed',
      failure: { kind: 'chain' },
      facts: { chainError: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
    });
  });
  t.test('no TLS at all, with what answers instead', async (t) => {
    const port = await listening(
      t,
      createHttp((_request, response) => response.end('hello')),
    );
    t.match(await shake(t, port), {
      state: 'failed',
      failure: { kind: 'plaintext' },
      facts: { plaintext: /^HTTP\/1\.1/ },
    });
  });
  t.test('a port where nothing listens', async (t) => {
    t.match(await shake(t, await refusedPort()), { state: 'failed', failure: { kind: 'refused' } });
  });
  t.test('a port that closes without a word', async (t) => {
    const port = await listening(
      t,
      createTcp((socket) => socket.destroy()),
    );
    t.match(await shake(t, port), { state: 'failed', failure: { kind: 'tls' } });
  });
  t.test('a port that never answers', async (t) => {
    const port = await listening(t, createTcp());
    t.match(await shake(t, port), { state: 'failed', failure: { kind: 'timeout' }, facts: { smallHello: 'silent' } });
  });
});

t.test('a TURN host in a network of the visitor is left alone', async (t) => {
  let connections = 0;
  const port = await listening(
    t,
    createTcp(() => {
      connections += 1;
    }),
  );
  const observe = (url: string): Promise<Outcome> => {
    const known = knowing({ url, shared: { iceServers: [iceServer(`turns:127.0.0.1:${port}`)] } });
    const target = [tls.targets(known)].flat().find((one) => 'id' in one && one.id === `tls:127.0.0.1:${port}`);
    const tools = { known, signal: AbortSignal.timeout(500), now: () => performance.now() } as Tools;
    return tls.observe(target as never, tools);
  };
  t.match(await observe('ws://203.0.113.7'), { state: 'unsupported', failure: { kind: 'address-not-allowed' } });
  t.equal(connections, 0);
  t.match(await observe('ws://127.0.0.2'), { state: 'failed' }, 'unless the deployment is there too');
  t.ok(connections > 0);
});

t.test('signal', async (t) => {
  const join = (port: number) => look('signal', { url: new URL(`ws://127.0.0.1:${port}`) });
  const http = (t: Test, answer: RequestListener) => listening(t, createHttp(answer));

  t.test('a port where nothing listens', async (t) => {
    t.match(await join(await refusedPort()), {
      state: 'failed',
      failure: { kind: 'refused' },
      facts: { upgraded: false },
    });
  });
  t.test('a port that says nothing at all', async (t) => {
    // A process that is stopped accepts nobody, and once its queue is full the kernel drops what else comes.
    const script = `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
      console.log(this.address().port); process.kill(process.pid, 'SIGSTOP') })`;
    const frozen = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    t.teardown(() => frozen.kill('SIGKILL'));
    const port = Number(await new Promise((resolve) => frozen.stdout.once('data', resolve)));
    const queued = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    t.teardown(() => {
      for (const socket of queued) socket.destroy();
    });
    await Promise.all(queued.slice(0, 2).map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    t.match(await join(port), { failure: { kind: 'timeout', message: /no TCP connection in 3000 ms/ } });
  });
  t.test('a proxy without its backend', async (t) => {
    const port = await http(t, (_request, response) => response.writeHead(502, { server: 'nginx' }).end('Bad Gateway'));
    t.match(await join(port), {
      state: 'failed',
      failure: { kind: 'http' },
      facts: { refusal: { status: 502, server: 'nginx', body: 'Bad Gateway' }, health: { status: 502 } },
    });
  });
  t.test('a redirect is shown and not followed', async (t) => {
    const port = await http(t, (_request, response) =>
      response.writeHead(302, { location: 'https://else.test/' }).end(),
    );
    t.match(await join(port), { facts: { refusal: { status: 302, location: 'https://else.test/' } } });
  });
  t.test('an answer with terminal escapes and without an end is cut and cleaned', async (t) => {
    const port = await http(t, (_request, response) => {
      response.writeHead(500);
      response.write(`\u001b[31m${'x'.repeat(100_000)}`);
    });
    const { facts } = await join(port);
    const { body } = (facts as { refusal: { body: string } }).refusal;
    t.equal(body.length, 200);
    t.notMatch(body, '\u001b');
  });
  t.test('an answer whose body never ends is known by its status all the same', async (t) => {
    const port = await http(t, (_request, response) => response.writeHead(503).write('half'));
    t.match(await join(port), {
      failure: { kind: 'http' },
      facts: { refusal: { status: 503, body: 'half' }, health: { status: 503, body: 'half' } },
    });
  });
  t.test('a ping interval of years is not one of a millisecond', async (t) => {
    const { JoinResponse, SignalResponse } = await import('@livekit/protocol');
    const value = new JoinResponse({ pingInterval: 2 ** 31 - 1 });
    const server = createHttp();
    const port = await listening(t, server);
    new WebSocketServer({ server }).on('connection', (socket) => {
      socket.send(new SignalResponse({ message: { case: 'join', value } }).toBinary());
      socket.close(4000, 'enough');
    });
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    t.teardown(() => process.off('warning', onWarning));
    t.match(await join(port), { failure: { kind: 'closed' }, facts: { join: {} } });
    t.same(warnings, []);
  });
  t.test('a conversation that says nothing gets another beside it, of another participant', async (t) => {
    const { JoinResponse, SignalResponse } = await import('@livekit/protocol');
    const server = createHttp();
    const port = await listening(t, server);
    const tokens: unknown[] = [];
    new WebSocketServer({ server }).on('connection', (socket, { headers }) => {
      tokens.push(headers.authorization);
      if (tokens.length === 1) return;
      socket.send(new SignalResponse({ message: { case: 'join', value: new JoinResponse() } }).toBinary());
      socket.close(4000, 'enough');
    });
    t.match(await join(port), { failure: { kind: 'closed' }, facts: { upgraded: true, join: {} } });
    t.equal(new Set(tokens).size, 2);
  });
  t.test('a websocket that is not LiveKit', async (t) => {
    const port = await http(t, (_request, response) => response.end('OK'));
    t.match(await join(port), {
      state: 'failed',
      failure: { kind: 'http' },
      facts: { health: { body: 'OK' }, upgraded: false },
    });
  });
  for (const [name, message] of [
    ['garbage', Buffer.from('ffffffffffffffff', 'hex')],
    ['nothing before it closes', undefined],
  ] as const) {
    t.test(`a websocket that sends ${name}`, async (t) => {
      const server = createHttp();
      const port = await listening(t, server);
      new WebSocketServer({ server }).on('connection', (socket) => {
        if (message) socket.send(message);
        else socket.close(4000, 'go away');
      });
      const found = await join(port);
      t.match(found, { state: 'failed', facts: { upgraded: true } });
      t.equal(found.failure?.kind, message ? 'no-join' : 'closed');
      if (!message) t.match(found.facts.closed, { code: 4000, reason: 'go away' });
    });
  }
});
