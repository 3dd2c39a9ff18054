/**
 * The promise of `init`: of each topology it writes a file that holds there, and when the deployment drifts away from it
 * the finding names what is claimed and what is seen now.
 */
import t from 'tap';
import { parse } from 'yaml';
import type { EnvironmentRun, Run } from '../../evidence/run.js';
import { requireLivekitServer } from '../../fixtures/embedded/livekit-server.js';
import { deadAddress } from '../../fixtures/lab/faults/changes.js';
import { codeOf } from '../../fixtures/lab/faults/fault.js';
import type { Executed } from '../../fixtures/lab/inside.js';
import { openSandbox } from '../../fixtures/lab/sandbox.js';
import { type TopologyName, topologies, topologyNames } from '../../fixtures/lab/topologies/index.js';
import { signalName, turnName } from '../../fixtures/lab/world.js';
import { main } from '../cli/cli.js';

t.setTimeout(300_000);
const livekitServer = await requireLivekitServer();
const file = '/run/lab/own.yaml';
const ca = '/run/lab/shared/ca.pem';

interface Initialised {
  init: Executed;
  /** What was written. */
  text: string;
  /** With what was written. */
  check: Executed;
  /** The same as a further environment, and the file then. */
  add: Executed;
  both: string;
}

/** The commands, one after the other, as somebody at the vantage types them. */
async function initialise(topology: TopologyName): Promise<Initialised> {
  const { url = '', auth } = topologies[topology]({ ipv6: false }).environment;
  const sandbox = await openSandbox({ topology, vantage: 'open', faults: [], livekitServer });
  const type = (command: string): Promise<Executed> =>
    sandbox.order({ do: 'exec', host: 'client', command: ['sh', '-c', command] });
  try {
    const doctor = `LIVEKIT_API_KEY='${auth?.apiKey}' LIVEKIT_API_SECRET='${auth?.apiSecret}' '${process.execPath}' '${main}'`;
    const init = await type(`${doctor} init ${url} --ca ${ca} --output ${file}`);
    const { output: text } = await type(`cat ${file}`);
    const check = await type(`${doctor} check --config ${file} --depth wire --json`);
    const add = await type(`${doctor} init ${url} --ca ${ca} --output ${file} --add --name second`);
    return { init, text, check, add, both: (await type(`cat ${file}`)).output };
  } finally {
    await sandbox.close();
  }
}

/** The check of a topology with these faults, held against a file. */
async function checked(topology: TopologyName, faults: string[], configuration: string): Promise<EnvironmentRun> {
  const sandbox = await openSandbox({ topology, vantage: 'open', faults, livekitServer, configuration });
  try {
    return onlyOne(await sandbox.order({ do: 'check' }));
  } finally {
    await sandbox.close();
  }
}

function onlyOne({ environments: [environment] }: Run): EnvironmentRun {
  if (!environment) throw new Error('the run has no environment');
  return environment;
}

/** Two at a time: most of the time of a lab is waiting. */
async function eachOf<T>(all: readonly T[], make: (one: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const worker = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await make(one);
  };
  await Promise.all([worker(), worker()]);
}

const files = new Map<TopologyName, string>();

t.test('the file that is written holds', async (t) => {
  await eachOf(topologyNames, async (topology) => {
    const { init, text, check, add, both } = await initialise(topology);
    t.equal(init.code, 0, `${topology}: ${init.complaint}`);
    t.match(init.complaint, /Wrote \/run\/lab\/own\.yaml: the environment staging/);
    const { auth, paths, media } = topologies[topology]({ ipv6: false }).environment;
    t.notMatch(text + init.complaint, auth?.apiSecret ?? '', 'no secret');
    files.set(topology, text);
    t.equal(add.code, 0, add.complaint);
    t.ok(both.startsWith(text.trimEnd()), 'all that was there is there');
    t.same(Object.keys(parse(both).environments), ['staging', 'second']);

    t.equal(check.code, 0, `${topology}: ${check.complaint}`);
    const { findings, claims } = onlyOne(JSON.parse(check.output) as Run);
    t.same(
      findings.filter(({ severity }) => severity !== 'info').map(({ code }) => code),
      [],
      topology,
    );
    t.equal(claims.media?.address, media?.address);
    const range = String(media?.udp).includes('-');
    t.equal(claims.media?.udp, range ? undefined : String(media?.udp), 'a range cannot be seen whole');
    t.same([...(claims.paths?.required ?? [])].sort(), [...(paths?.required ?? [])].sort());
  });
});

/** What is made of the deployment; what the file says, and what is so now. */
type Drift = readonly [fault: string, claimed: string, seen: string];

const ingress: Drift = ['dns-address-drift', '203.0.113.10', '203.0.113.11'];
const media: Drift = ['media-address-drift/moved', '203.0.113.20', '203.0.113.21'];
const udpPort: Drift = ['media-port-drift', '7882', '7892'];
const tcpPort: Drift = ['media-port-drift/tcp', '7881', '7891'];
const region: Drift = ['server-region-unexpected', 'eu-west-1', 'us-east-1'];
const version: Drift = ['server-version-unexpected', '~1.', ' 9.'];
const renewal: Drift = ['tls-certificate-expiring', 'at least 14', 'in 4 days'];
const noTcp: Drift = ['tcp-not-offered', '`media.tcp: 7881`', 'no TCP address'];
const noUdp: Drift = ['udp-not-offered', '`media.udp: 7882`', 'no UDP address'];
const noTurn: Drift = ['turn-not-offered', `\`turn.host: ${turnName}\``, 'no TURN at all'];
const turnHost: Drift = ['turn-host-drift', turnName, `relay.${signalName}`];
const dead = (fault: string, claimed: string): Drift => [fault, claimed, deadAddress];

/** Ten for each topology. What leaves everything at work is made at once: then there are several findings. */
const drifts: Partial<Record<TopologyName, readonly (readonly Drift[])[]>> = {
  plain: [
    [udpPort, tcpPort, version, renewal],
    [noTcp, dead('dns-wrong-address/turn', '203.0.113.10')],
    [noUdp],
    [noTurn],
    [dead('dns-wrong-address', '203.0.113.10')],
    [dead('media-address-wrong', '203.0.113.10')],
  ],
  'cloud-kubernetes': [
    [ingress, media, udpPort, tcpPort, region, version, renewal],
    [noTcp],
    [noUdp],
    [dead('media-address-wrong', '203.0.113.20')],
  ],
  'helm-port-range': [
    [ingress, ['dns-address-drift/turn', '203.0.113.30', '203.0.113.31'], media, tcpPort, region, version, renewal],
    [turnHost, noTcp],
    [noTurn],
  ],
  'external-turn': [
    [ingress, media, udpPort, tcpPort, region, version, renewal],
    [noTcp],
    [noUdp],
    [dead('dns-wrong-address/turn', '192.0.2.130')],
  ],
};

t.test('a deployment that drifts away from it: a finding names what is claimed and what is seen', async (t) => {
  const cells = topologyNames.flatMap((topology) => (drifts[topology] ?? []).map((made) => ({ topology, made })));
  await eachOf(cells, async ({ topology, made }) => {
    const { findings } = await checked(
      topology,
      made.map(([fault]) => fault),
      files.get(topology) ?? '',
    );
    for (const [fault, claimed, seen] of made) {
      const named = findings
        .filter(({ code }) => code === codeOf({ id: fault }))
        .map(({ summary, cause, fix }) => `${summary} ${cause} ${fix}`);
      const name = `${fault} on ${topology}: ${claimed}, ${seen}`;
      if (
        !t.ok(
          named.some((prose) => prose.includes(claimed) && prose.includes(seen)),
          name,
        )
      ) {
        t.comment(findings.map(({ code, summary }) => `${code}: ${summary}`).join('\n'));
      }
    }
  });
  for (const [topology, made] of Object.entries(drifts)) t.equal(made.flat().length, 10, topology);
});
