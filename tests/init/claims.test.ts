/** What is written of a deployment: all that worked as claims that hold, and nothing else as more than a comment. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { diagnose } from '../../diagnosis/index.js';
import type { Environment } from '../../environment/environment.js';
import { readEnvironmentFile } from '../../environment/file.js';
import { loadRun } from '../../evidence/load.js';
import type { EnvironmentRun } from '../../evidence/run.js';
import { claimsFrom, type Looks, somebodyJoined, unproven } from '../../init/index.js';
import {
  candidate,
  dns,
  host,
  ice,
  ingress,
  joined,
  media,
  scene,
  turn,
  turnAddress,
  turnHost,
} from '../diagnosis/scene.js';

const startedAt = '2026-03-01T12:00:00.000Z';
const variables = { LIVEKIT_API_KEY: 'key', LIVEKIT_API_SECRET: 'sesame', LIVEKIT_TOKEN: 'token' };
const written = { name: 'staging', auth: 'key', version: '1.2.3' } as const;

/** The scene as a run, and what others were offered at the same time: by default the same. */
function looks(changes: Parameters<typeof scene>[0] = {}, ...others: Parameters<typeof scene>[0][]): Looks {
  const runOf = (one: Parameters<typeof scene>[0]): EnvironmentRun => {
    const evidence = scene(one);
    return {
      name: 'staging',
      durationMs: 1000,
      ...evidence,
      observations: [...evidence.observations],
      ...diagnose(evidence),
    };
  };
  const further = others.length > 0 ? others : [changes];
  return { startedAt, first: runOf(changes), others: further.map(runOf) };
}

/** Comments without their line breaks. */
const unwrapped = (text: string): string => text.replace(/\n *# /g, ' ');

/** As `check` reads it. */
async function read(t: Test, text: string): Promise<Environment> {
  const file = join(t.testdir({ 'livekit-doctor.yaml': text }), 'livekit-doctor.yaml');
  const [environment] = await (await readEnvironmentFile(file, file, variables)).resolve(['staging']);
  if (!environment) throw new Error('no environment');
  return environment;
}

t.test('a healthy deployment is claimed as it is, each line with what it means', async (t) => {
  const text = claimsFrom(looks({ with: [turn('turn-tls', undefined, { realm: 'livekit' })] }), written);
  t.match(text, /^# yaml-language-server: \$schema=\S+\n/);
  const { name, url, auth, claims } = await read(t, text);
  t.equal(name, 'staging');
  t.equal(url.href, `wss://${host}/`);
  t.same(auth, { apiKey: 'key', apiSecret: 'sesame' });
  t.same(JSON.parse(JSON.stringify(claims)), {
    tls: { minDays: 14, privateCa: false },
    dns: { signal: ingress },
    media: { address: media, udp: '7882', tcp: 7881 },
    turn: { host: turnHost, address: turnAddress },
    paths: { required: ['udp', 'tcp', 'turn-udp', 'turn-tls'] },
    server: { version: '~1.13.5' },
  });
  t.match(text, /\n {6}# .*advertises for media today.*\n( {6}# .*\n)* {6}address: 203\.0\.113\.30\n/);
  t.match(text, /\n {6}apiKey: \$\{LIVEKIT_API_KEY\}\n/);
  t.match(text, /proven by itself on 2026-03-01: two browsers/);
  t.match(text, /\n {6}# .*\n {6}# externalTls: true\n/, 'what cannot be seen is left to the operator');
  for (const line of text.split('\n')) t.ok(line.length <= 110, line);
});

t.test('a token and a private CA are named, and never their values', async (t) => {
  const text = claimsFrom(looks(), { ...written, auth: 'token', ca: '../my ca.pem' });
  t.match(text, /token: \$\{LIVEKIT_TOKEN\}\n/);
  t.notMatch(text, 'LIVEKIT_API');
  t.match(text, /\n {6}ca: \.\.\/my ca\.pem\n/);
  t.match(claimsFrom(looks(), { ...written, auth: { project: 'mine' } }), /auth:\n( {6}# .*\n)+ {6}project: mine\n/);
});

t.test('what does not work is a comment with the code, and no promise', async (t) => {
  const seen = looks({ with: [ice('udp', media, 'timeout'), turn('turn-udp', 'timeout')] });
  const text = claimsFrom(seen, written);
  const { claims } = await read(t, text);
  t.same(claims.paths, { required: ['tcp', 'turn-tls'] });
  t.equal(claims.media?.udp, undefined);
  t.equal(claims.media?.address, media, 'which answers over TCP');
  t.match(text, /# Media over UDP is offered here and did not work \([a-z-]+\)\.\n {6}# udp: 7882\n/);
  t.match(text, /not working on 2026-03-01: udp \([a-z-]+\)[\s\S]*# optional: \[udp, turn-udp\]/);
  t.same(
    unproven(seen.first).map(({ path }) => path),
    ['udp', 'turn-udp'],
  );
  t.same(unproven(looks().first), []);
});

t.test('what should be offered and is not is no promise either', async (t) => {
  const seen = looks({
    with: [joined({ candidates: [candidate('tcp', media, 7881)], iceServers: [] })],
    without: ['ice-udp:203.0.113.30:7882', 'turn-udp:203.0.113.30:3478', `turn-tls:${turnHost}:443`],
  });
  const text = claimsFrom(seen, written);
  t.equal((await read(t, text)).claims.paths, undefined);
  t.match(unwrapped(text), /does not offer udp \(udp-not-offered\)[\s\S]* required: \[tcp\]/);
  t.same(unproven(seen.first), [{ path: 'udp', codes: ['udp-not-offered'] }]);
});

t.test('where nothing works no path is claimed, and the address that answers is told', async (t) => {
  const silent = ['udp', 'tcp'] as const;
  const answering = { origin: 'signal-host', insteadOf: `${media}:7882` } as const;
  const text = claimsFrom(
    looks({
      with: [
        ...silent.map((one) => ice(one, media, 'timeout')),
        ...silent.map((one) => ice(one, ingress, undefined, answering)),
      ],
      without: ['turn-udp:203.0.113.30:3478', `turn-tls:${turnHost}:443`],
    }),
    written,
  );
  const { claims } = await read(t, text);
  t.same([claims.media, claims.paths, claims.turn], [undefined, undefined, undefined]);
  t.match(
    text,
    new RegExp(`# media:\\n.*nothing answered \\(media-address-wrong\\)[\\s\\S]*#   address: ${ingress}\\n`),
  );
  const uncommented = text.replace(/^ {4}# (?=[a-z]+:$| {2})/gm, '    ');
  t.same(
    (await read(t, uncommented)).claims.paths,
    { optional: ['udp', 'tcp', 'turn-udp', 'turn-tls'] },
    'and can be taken in',
  );
});

t.test('a range of ports, and several nodes, show between participants', async (t) => {
  const at = (address: string, port: number) => ({
    with: [
      joined({ candidates: [candidate('udp', address, port), candidate('tcp', address, 7881)] }),
      ice('udp', address, undefined, { port }),
      ice('tcp', address),
    ],
    without: [`ice-udp:${media}:7882`, `ice-tcp:${media}:7881`],
  });
  const range = claimsFrom(looks(at(media, 30002), at(media, 30007), at(media, 30001)), written);
  t.equal((await read(t, range)).claims.media?.udp, undefined);
  t.match(unwrapped(range), /30001, 30002 and 30007[\s\S]*udp: 30001-30007/);

  const nodes = claimsFrom(looks(at(media, 7882), at('203.0.113.31', 7882)), written);
  t.equal((await read(t, nodes)).claims.media?.address, undefined);
  t.match(unwrapped(nodes), /203\.0\.113\.30 and 203\.0\.113\.31\), so there are several nodes/);

  const alone = claimsFrom({ ...looks(), others: [] }, written);
  t.equal((await read(t, alone)).claims.media?.udp, undefined, 'one participant cannot tell a port from a range');
  t.match(alone, /# udp: 7882\n/);
});

t.test('a server is claimed by its own word, where all of them say the same', async (t) => {
  const at = (serverVersion: string, region: string) => ({ with: [joined({ serverVersion, region })] });
  const serverOf = async (...seen: ReturnType<typeof at>[]) => {
    const [first, ...others] = seen;
    return (await read(t, claimsFrom(looks(first, ...others), written))).claims.server;
  };
  t.same(await serverOf(at('1.13.5', 'eu-west-1')), { version: '~1.13.5', region: 'eu-west-1' });
  t.equal(await serverOf(at('1.13.5', 'eu'), at('1.13.6', 'us')), undefined);
  t.equal(await serverOf(at('main: x', '')), undefined, 'what is no release');
  t.equal(await serverOf(at('1.13.5x', `\${LIVEKIT_API_SECRET}`)), undefined, 'what would become a secret');
});

t.test('a name is claimed where one address is its own', async (t) => {
  const signalOf = async (one: ReturnType<typeof dns>): Promise<[string | undefined, string]> => {
    const text = claimsFrom(looks({ with: [one] }), written);
    return [(await read(t, text)).claims.dns?.signal, text];
  };
  const [several, why] = await signalOf(dns(host, { addresses: [ingress, '203.0.113.11'] }));
  t.equal(several, undefined);
  t.match(unwrapped(why), /several addresses[\s\S]* {2}signal: 203\.0\.113\.10/);

  const answers = [
    {
      resolver: '192.0.2.53:53',
      transport: 'udp',
      type: 'A',
      rcode: 'NOERROR',
      addresses: [ingress],
      cnames: ['lb.cloud.test'],
    } as const,
  ].map((one) => ({ ...one, addresses: [...one.addresses], cnames: [...one.cnames] }));
  const [alias, whose] = await signalOf(dns(host, { addresses: [ingress], answers }));
  t.equal(alias, undefined);
  t.match(unwrapped(whose), 'alias of lb.cloud.test');

  const [own] = await signalOf(dns(host, { addresses: [ingress], source: 'hosts-file', answers: [] }));
  t.equal(own, undefined, 'what only this machine believes');
});

t.test('words of a server cannot leave their comment', async (t) => {
  const evil = 'x\n  forbidden: [udp]\n#';
  const seen = looks({ with: [turn('turn-tls', undefined, { url: `turns:${evil}`, host: turnHost })] });
  const text = claimsFrom(seen, written);
  t.match(text, 'forbidden: [udp]');
  t.notOk('forbidden' in ((await read(t, text)).claims.paths ?? {}));
});

const folder = new URL('../../fixtures/runs/', import.meta.url);

t.test('of every recorded run a file is written that accuses nobody of more than the run did', async (t) => {
  let files = 0;
  for (const name of (await readdir(folder)).filter((one) => one.endsWith('.json'))) {
    const run = await loadRun(new URL(name, folder).pathname, name);
    for (const { claims: _claims, ...rest } of run.environments) {
      const bare = { ...rest, claims: {} };
      const first: EnvironmentRun = { ...bare, ...diagnose(bare) };
      const seen = { startedAt: run.startedAt, first, others: [first] };
      if (!somebodyJoined(seen)) continue;
      files += 1;
      const { claims } = await read(t, claimsFrom(seen, written));
      const judged = diagnose({ ...first, claims });
      const codes = (findings: EnvironmentRun['findings']): string[] => findings.map(({ code }) => code);
      const added = codes(judged.findings).filter((code) => !codes(first.findings).includes(code));
      t.same(added, [], `${name}: nothing is found because of what was written`);
      if (first.verdict === 'pass') t.equal(judged.verdict, 'pass', name);
      const loud = judged.findings.some(({ severity }) => severity !== 'info');
      if (first.verdict === 'fail') t.ok(loud, `${name}: what is broken is still told of`);
    }
  }
  t.ok(files > 60, `${files} runs`);
});
