/**
 * The promise of `init`: of each topology it writes a file that holds there, and when the deployment drifts away from it
 * the finding names what is claimed and what is seen now.
 */
import t from 'tap';
import type { EnvironmentRun, Run } from '../../evidence/run.js';
import { requireLivekitServer } from '../../fixtures/embedded/livekit-server.js';
import { clusters, codeOf } from '../../fixtures/lab/faults/fault.js';
import type { Executed } from '../../fixtures/lab/inside.js';
import { openSandbox } from '../../fixtures/lab/sandbox.js';
import { type TopologyName, topologies, topologyNames } from '../../fixtures/lab/topologies/index.js';
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
    return { init, text, check: await type(`${doctor} check --config ${file} --depth wire --json`) };
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
    const { init, text, check } = await initialise(topology);
    t.equal(init.code, 0, `${topology}: ${init.complaint}`);
    t.match(init.complaint, /Wrote \/run\/lab\/own\.yaml: the environment staging/);
    const { auth, paths, media } = topologies[topology]({ ipv6: false }).environment;
    t.notMatch(text + init.complaint, auth?.apiSecret ?? '', 'no secret');
    files.set(topology, text);

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

interface Drift {
  fault: string;
  on: readonly TopologyName[];
  /** What the file says, and what is so now. */
  claimed: string;
  seen: string;
}

const drifts: readonly Drift[] = [
  { fault: 'dns-wrong-address', on: clusters, claimed: '203.0.113.10', seen: '203.0.113.99' },
  { fault: 'dns-wrong-address/turn', on: ['helm-port-range'], claimed: '203.0.113.30', seen: '203.0.113.99' },
  { fault: 'media-address-wrong', on: clusters, claimed: '203.0.113.20', seen: '203.0.113.99' },
  { fault: 'tls-certificate-expiring', on: clusters, claimed: '14', seen: '4 days' },
];

t.test('a deployment that is another one now: the finding names what is claimed and what is seen', async (t) => {
  const cells = drifts.flatMap(({ on, ...drift }) => on.map((topology) => ({ topology, ...drift })));
  await eachOf(cells, async ({ topology, fault, claimed, seen }) => {
    const { findings } = await checked(topology, [fault], files.get(topology) ?? '');
    const found = findings.find(({ code }) => code === codeOf({ id: fault }));
    const prose = found && `${found.summary} ${found.cause} ${found.fix}`;
    const name = `${fault} on ${topology}: ${prose ?? findings.map(({ code }) => code)}`;
    t.ok(prose?.includes(claimed), `${name} (claimed: ${claimed})`);
    t.ok(prose?.includes(seen), `${name} (seen: ${seen})`);
  });
});
