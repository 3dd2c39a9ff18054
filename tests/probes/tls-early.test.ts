/** The connection to the TURN host that is made while signalling goes on, against a real TLS server. */
import type { AddressInfo } from 'node:net';
import { createSecureContext, createServer } from 'node:tls';
import t, { type Test } from 'tap';
import { makeCertificate } from '../../fixtures/certificates.js';
import type { Known, Tools } from '../../probes/probe.js';
import type { Shared } from '../../probes/shared.js';
import { connectEarly, earlyTo } from '../../probes/tls-early.js';
import { knowing } from './ice-turn-world.js';

const host = 'turn.doctor.test';
const address = '127.0.0.1';
/** A busy machine may take its time. */
const longMs = 10_000;
const authority = await makeCertificate({ subject: 'CN=Test CA', ca: true });
const leaf = await makeCertificate({ names: [host], issuer: authority });

/** A server that goes on with a handshake only when told to. */
async function slowServer(t: Test) {
  let goOn = (): void => {};
  let begun = (): void => {};
  const asked = new Promise<void>((resolve) => {
    begun = resolve;
  });
  let connections = 0;
  const context = createSecureContext({ key: leaf.privateKey, cert: leaf.chain });
  const server = createServer({
    SNICallback: (_name, done) => {
      goOn = () => done(null, context);
      begun();
    },
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.on('secureConnection', (socket) => socket.on('error', () => {}));
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  t.teardown(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const { port } = server.address() as AddressInfo;
  return { port, asked, goOn: () => goOn(), connections: () => connections };
}

/** Resolves when the connection is there, and the handshake is under way. */
async function begin(t: Test, known: Known, port: number): Promise<void> {
  const over = new AbortController();
  const ends: (() => void | Promise<void>)[] = [];
  t.teardown(async () => {
    over.abort();
    for (const end of ends) await end();
  });
  const tools = {
    known,
    signal: over.signal,
    now: () => performance.now(),
    onEnd: (end: () => void | Promise<void>) => void ends.push(end),
    share: <K extends keyof Shared>(key: K, value: Shared[K]) => Object.assign(known.shared, { [key]: value }),
  };
  await connectEarly(tools as Partial<Tools> as Tools, port);
}

const world = (): Known =>
  knowing({
    ca: authority.certificate,
    claims: { turn: { host } },
    names: { [host]: [address] },
    url: `wss://${address}`,
  });

t.test('a handshake that is under way is waited for, and serves whoever asks for that port', async (t) => {
  const { port, asked, goOn, connections } = await slowServer(t);
  const known = world();
  await begin(t, known, port);
  await asked;
  const ask = () => earlyTo(known, { host, address, port }, longMs);
  const both = Promise.all([ask(), ask()]);
  goOn();
  const [first, second] = await both;
  t.match(first?.facts, { chain: [{ subject: `CN=${host}` }], protocol: 'TLSv1.3' });
  t.equal(second?.secure, first?.secure);
  t.equal(connections(), 1);
  t.equal(await earlyTo(known, { host, address, port: port + 1 }), undefined, 'and nobody who asks for another');
  first?.secure.destroy();
  t.equal(await earlyTo(known, { host, address, port }), undefined, 'nor when it is closed');
});

t.test('a handshake that does not go on keeps nobody waiting', async (t) => {
  const { port } = await slowServer(t);
  const known = world();
  await begin(t, known, port);
  t.ok(known.shared.earlyTls);
  t.equal(await earlyTo(known, { host, address, port }), undefined);
});

t.test('one that does not verify serves nobody', async (t) => {
  const { port, asked, goOn } = await slowServer(t);
  const { environment, ...rest } = world();
  const { ca: _, ...trustsOthers } = environment;
  const known = { environment: trustsOthers, ...rest };
  await begin(t, known, port);
  await asked;
  goOn();
  t.equal(await earlyTo(known, { host, address, port }, longMs), undefined);
});
