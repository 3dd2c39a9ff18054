/** What `ice-*` and `turn-*` look at, and where they may look. */
import t from 'tap';
import type { Claims } from '../../evidence/run.js';
import { isAllowed } from '../../probes/allowed-address.js';
import { bindingCheck } from '../../probes/binding-check.js';
import type { IceTarget } from '../../probes/ice-check.js';
import { iceTcp } from '../../probes/ice-tcp.js';
import { iceUdp } from '../../probes/ice-udp.js';
import type { Known } from '../../probes/probe.js';
import { turnTcp } from '../../probes/turn-tcp.js';
import { turnTls } from '../../probes/turn-tls.js';
import { turnUdp } from '../../probes/turn-udp.js';
import { type AnyProbe, candidate, iceServer, knowing, session, type World } from './ice-turn-world.js';

t.test('which addresses may be probed', async (t) => {
  const from = (...signal: string[]) => ({ signal, claimed: [] });
  const allowed: [string, Parameters<typeof isAllowed>[1]][] = [
    ['20.1.2.3', from('20.9.9.9')],
    ['2606:4700::1111', from()],
    ['203.0.113.30', from('198.51.100.4')],
    ['2001:db8::30', from('2001:db8:1::4')],
    ['10.1.2.3', from('192.168.7.7')],
    ['fd00::2', from('fd12:3456::1')],
    ['100.64.1.1', from('100.127.0.1')],
    ['127.0.0.1', from('127.0.77.1')],
    ['::1', from('::1')],
    ['10.1.2.3', { signal: ['20.9.9.9'], claimed: ['10.1.2.3'] }],
    ['fd00:0::2', { signal: [], claimed: ['fd00::2'] }],
    ['169.254.1.1', from('169.254.1.1')],
    ['64:ff9b::1401:203', from('20.9.9.9')],
  ];
  const denied: [string, Parameters<typeof isAllowed>[1]][] = [
    ['10.1.2.3', from('20.9.9.9')],
    ['192.168.1.1', from('203.0.113.4')],
    ['10.1.2.3', { signal: ['20.9.9.9'], claimed: ['10.1.2.4'] }],
    ['127.0.0.1', from('10.0.0.1')],
    ['127.0.0.1', from('20.9.9.9')],
    ['::1', from('127.0.0.1')],
    ['fd00::2', from('10.0.0.1')],
    ['169.254.169.254', from('169.254.1.1')],
    ['::ffff:127.0.0.1', from('20.9.9.9')],
    ['64:ff9b::7f00:1', from('20.9.9.9')],
    ['0.0.0.0', from('20.9.9.9')],
    ['255.255.255.255', from('20.9.9.9')],
    ['224.0.0.1', from('20.9.9.9')],
    ['ff02::1', from('2001:db8::1')],
    ['livekit.example.com', from('20.9.9.9')],
    ['127.1', from('127.0.0.1')],
    ['', from('20.9.9.9')],
  ];
  for (const [address, trusted] of allowed) t.ok(isAllowed(address, trusted), `${address} ${JSON.stringify(trusted)}`);
  for (const [address, trusted] of denied)
    t.notOk(isAllowed(address, trusted), `${address} ${JSON.stringify(trusted)}`);
});

t.test('which candidates are looked at', async (t) => {
  t.same(iceUdp.targets(knowing({})), { waitingFor: 'signal' });
  const candidates = [
    candidate('udp', '20.0.0.1', 7882),
    candidate('udp', '20.0.0.1', 7882),
    candidate('udp', '2001:db8::5', 7882),
    candidate('udp', 'b6a1.local', 7882),
    candidate('tcp', '20.0.0.1', 7881, 'passive'),
    candidate('tcp', '20.0.0.1', 9, 'active'),
    candidate('tcp', '20.0.0.1', 0, 'passive'),
  ];
  const known = knowing({ shared: { iceSession: { ...session, candidates } } });
  t.same(iceUdp.targets(known), [
    { id: 'ice-udp:20.0.0.1:7882', address: '20.0.0.1', port: 7882, origin: 'advertised', thorough: true },
    { id: 'ice-udp:[2001:db8::5]:7882', address: '2001:db8::5', port: 7882, origin: 'advertised', thorough: true },
  ]);
  t.same(iceTcp.targets(known), [
    { id: 'ice-tcp:20.0.0.1:7881', address: '20.0.0.1', port: 7881, origin: 'advertised', thorough: true },
  ]);
  const many = Array.from({ length: 10_000 }, (_, i) => candidate('udp', `20.0.${i >> 8}.${i & 255}`, 7882));
  t.ok((iceUdp.targets(knowing({ shared: { iceSession: { ...session, candidates: many } } })) as []).length <= 32);
});

t.test('where else the media is looked for', async (t) => {
  const world = {
    url: 'wss://livekit.doctor.test',
    claims: { media: { address: '20.0.0.2' } },
    names: { 'livekit.doctor.test': ['20.0.0.3', '2001:db8::3'], 'turn.doctor.test': ['20.0.0.4', '20.0.0.3'] },
    shared: {
      iceSession: { ...session, candidates: [candidate('udp', '20.0.0.1', 7882)] },
      iceServers: [iceServer('turns:turn.doctor.test:443?transport=tcp'), iceServer('stun:20.0.0.9:3478')],
    },
  };
  const id = 'ice-udp:20.0.0.1:7882';
  const origins = (known: Known) =>
    (iceUdp.targets(known) as readonly IceTarget[])
      .slice(1)
      .filter(({ port }) => port === 7882)
      .map(({ address, origin, insteadOf }) => `${address} ${origin} ${insteadOf}`);
  const elsewhere = [
    '20.0.0.2 claimed 20.0.0.1:7882',
    '20.0.0.3 signal-host 20.0.0.1:7882',
    '20.0.0.4 turn-host 20.0.0.1:7882',
  ];
  t.same(origins(knowing(world)), [], 'nowhere as long as it may still answer');
  const silentChecks = new Set([id]);
  t.same(origins(knowing({ ...world, shared: { ...world.shared, silentChecks } })), elsewhere, 'when it is silent');
  const trickling = { ...world.shared, silentChecks, iceSession: { ...world.shared.iceSession, complete: false } };
  t.same(origins(knowing({ ...world, shared: trickling })), [], 'but not before all candidates are there');
  const failed = { id, probe: 'ice-udp', state: 'failed' as const, failure: { kind: 'refused', message: '' } };
  t.same(origins(knowing({ ...world, seen: [failed] })), elsewhere, 'when it failed');
  const denied = { id, state: 'unsupported' as const, failure: { kind: 'address-not-allowed', message: '' } };
  t.same(origins(knowing({ ...world, seen: [denied] })), elsewhere, 'when it may not be asked');
  const noRoute = { id, state: 'unsupported' as const, failure: { kind: 'no-route', message: '' } };
  t.same(origins(knowing({ ...world, seen: [noRoute] })), [], 'not when it is this machine that cannot');
  const twoOffered = [...world.shared.iceSession.candidates, candidate('udp', '20.0.0.2', 7882)];
  const shared = { ...world.shared, iceSession: { ...session, candidates: twoOffered } };
  t.same(
    origins(knowing({ ...world, shared, seen: [failed] })).filter((one) => one.includes('claimed')),
    [],
    'what is offered anyway is not looked for',
  );
  const ok = { id: 'ice-udp:20.0.0.2:7882' };
  t.equal((iceUdp.targets(knowing({ ...world, shared, seen: [failed, ok] })) as []).length, 2, 'nor if one is found');
});

t.test('at which other ports the media is looked for', async (t) => {
  const one = candidate('udp', '20.0.0.1', 7884);
  const failed = (id: string) => ({ id, state: 'failed' as const, failure: { kind: 'refused', message: '' } });
  const targets = (claims: Claims, probe: AnyProbe = iceUdp, candidates = [one]) => {
    const seen = candidates.map(({ address, port }) => failed(`${probe.name}:${address}:${port}`));
    const known = knowing({ claims, seen, shared: { iceSession: { ...session, candidates } } });
    return (probe.targets(known) as readonly IceTarget[]).filter(({ origin }) => origin !== 'advertised');
  };
  const ports = (claims: Claims, from: string): number[] =>
    targets(claims).flatMap(({ origin, port }) => (origin === from ? [port] : []));
  t.same(ports({}, 'neighbouring-port'), [7885, 7883, 7886, 7882]);
  t.same(ports({}, 'claimed-port'), []);
  t.same(ports({ media: { udp: '31882' } }, 'claimed-port'), [31_882]);
  t.same(ports({ media: { udp: '7882-7884' } }, 'claimed-port'), [7882, 7883]);
  t.same(ports({ media: { udp: '7882-7884' } }, 'neighbouring-port'), [7885, 7886], 'each once');
  t.equal(ports({ media: { udp: '1024-65535' } }, 'claimed-port').length, 16);
  const claimed = targets({ media: { address: '20.0.0.2', udp: '31882' } }).map(({ id }) => id);
  t.ok(claimed.includes('ice-udp:20.0.0.2:31882'), 'at the claimed address, too');
  const tcp = [candidate('tcp', '20.0.0.1', 7881, 'passive')];
  const overTcp = targets({ media: { udp: '31882' } }, iceTcp, tcp);
  t.ok(
    overTcp.every(({ port }) => port === 7881),
    'over UDP only',
  );
  const many = Array.from({ length: 32 }, (_, i) => candidate('udp', `20.0.0.${i}`, 7000));
  t.ok(targets({ media: { udp: '1024-65535' } }, iceUdp, many).length <= 40, 'and not without end');
  const offered = iceUdp.targets(knowing({ shared: { iceSession: { ...session, candidates: many } } })) as IceTarget[];
  t.equal(offered.filter(({ thorough }) => thorough).length, 4, 'many flows go to few candidates');
});

t.test('which TURN servers are looked at', async (t) => {
  t.same(turnTls.targets(knowing({})), { waitingFor: 'signal' });
  const urls = [
    'stun:stun.doctor.test:3478',
    'turn:20.0.0.1:3478?transport=udp',
    'turn:[2001:db8::1]:3478',
    'turn:turn.doctor.test:3478?transport=tcp',
    'turns:turn.doctor.test:443?transport=tcp',
    'turns:TURN.doctor.test:443',
    'turns:turn.doctor.test:443?transport=udp',
    'https://turn.doctor.test',
  ];
  const shared = { iceServers: urls.map(iceServer) };
  const ids = (probe: AnyProbe, world: World): unknown =>
    (
      probe.targets(knowing({ shared, ...world })) as readonly { id: string; address?: string; waitingFor?: string }[]
    ).map(({ id, address, waitingFor }) => [id, address ?? waitingFor]);
  t.same(ids(turnUdp, {}), [
    ['turn-udp:20.0.0.1:3478', '20.0.0.1'],
    ['turn-udp:[2001:db8::1]:3478', '2001:db8::1'],
  ]);
  t.same(ids(turnTls, {}), [['turn-tls:turn.doctor.test:443', 'dns:turn.doctor.test']]);
  const names = { 'turn.doctor.test': ['20.0.0.2', '20.0.0.3'] };
  t.same(ids(turnTls, { names }), [['turn-tls:turn.doctor.test:443', '20.0.0.2']]);
  t.same(ids(turnTcp, { names }), [['turn-tcp:turn.doctor.test:3478', '20.0.0.2']]);
  const many = { iceServers: Array.from({ length: 5000 }, (_, i) => iceServer(`turn:20.0.${i >> 8}.${i & 255}`)) };
  t.ok((ids(turnUdp, { shared: many }) as []).length <= 16);
});

t.test('a check is answered, and answers, only with the right password', async (t) => {
  const now = (() => {
    let ms = 0;
    return () => (ms += 5);
  })();
  const us = bindingCheck(session, now);
  const theirs = { username: 'ours:theirs', password: session.localPassword, localPassword: session.password };
  const them = bindingCheck({ ...session, ...theirs }, now);
  const from = { address: '20.0.0.7', port: 50_000 };
  const received = them.receive(us.request(), from);
  if (!received || !('reply' in received)) return void t.fail('the server answers');
  t.same(us.receive(received.reply, from), { answer: { rttMs: 5, mapped: from, number: 1 } });
  t.equal(us.receive(received.reply.subarray(0, -8), from), undefined, 'not what was cut');
  const stranger = bindingCheck({ ...session, ...theirs, localPassword: 'another', password: 'another' }, now);
  t.equal(stranger.receive(us.request(), from), undefined);
  t.equal(us.receive(stranger.request(), from), undefined);
});
