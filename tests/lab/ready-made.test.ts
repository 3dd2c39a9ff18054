/** The environments that are ready for two kinds of deployment hold on the topologies that are like those. */
import { readFile } from 'node:fs/promises';
import t from 'tap';
import type { EnvironmentRun } from '../../evidence/run.js';
import { requireLivekitServer } from '../../fixtures/embedded/livekit-server.js';
import { openSandbox } from '../../fixtures/lab/sandbox.js';
import { topologies } from '../../fixtures/lab/topologies/index.js';

t.setTimeout(120_000);
const livekitServer = await requireLivekitServer();

/** As its reader fills it in; the credentials stay variables. */
async function readyMade(topology: 'cloud-kubernetes' | 'helm-port-range'): Promise<string> {
  const { url = '', dns, media, turn } = topologies[topology]({ ipv6: false }).environment;
  const values: Record<string, string | undefined> = {
    LIVEKIT_HOST: new URL(url).hostname,
    INGRESS_ADDRESS: dns?.signal,
    MEDIA_ADDRESS: media?.address,
    TURN_ADDRESS: turn?.address,
  };
  const text = await readFile(new URL(`../../fixtures/environments/${topology}.yaml`, import.meta.url), 'utf8');
  return text.replace(/\$\{(\w+)\}/g, (variable, name: string) => values[name] ?? variable);
}

async function checked(topology: 'cloud-kubernetes' | 'helm-port-range', faults: string[]): Promise<EnvironmentRun> {
  const configuration = await readyMade(topology);
  const sandbox = await openSandbox({ topology, vantage: 'open', faults, livekitServer, configuration });
  try {
    const { environments } = await sandbox.order({ do: 'check' });
    const [environment] = environments;
    if (!environment) throw new Error('the run has no environment');
    return environment;
  } finally {
    await sandbox.close();
  }
}

for (const topology of ['cloud-kubernetes', 'helm-port-range'] as const) {
  t.test(topology, async (t) => {
    const healthy = await checked(topology, []);
    t.equal(healthy.name, topology);
    t.equal(healthy.verdict, 'pass');
    t.same(
      healthy.findings.filter(({ severity }) => severity !== 'info').map(({ code }) => code),
      [],
      'nothing to complain of',
    );
    const moved = await checked(topology, ['media-address-drift/moved']);
    t.match(moved.findings, [{ code: 'media-address-drift', severity: 'warning' }], 'and it holds the address');
    const lost = await checked(topology, ['udp-filtered']);
    t.equal(lost.verdict, 'fail');
    t.match(lost.findings, [{ code: 'udp-filtered', severity: 'error' }], 'UDP is required');
  });
}
