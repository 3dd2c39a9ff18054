/** Ten environments in one command, one of them dead: the others pass, and are as quick as without it. */
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import type { EnvironmentEntry } from '../../environment/schema.js';
import type { Depth, EnvironmentRun, Run } from '../../evidence/run.js';
import { requireLivekitServer } from '../../fixtures/embedded/livekit-server.js';
import { openSandbox, type Sandbox } from '../../fixtures/lab/sandbox.js';

const livekitServer = await requireLivekitServer();
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const file = '/run/lab/many.yaml';

/** What a deployment is that is no more, and how long it may keep its own check: silence is called after some 3 s. */
const dead: Record<string, (entry: EnvironmentEntry) => EnvironmentEntry> = {
  'an address that is silent': (entry) => ({ ...entry, url: 'wss://203.0.113.10:4443' }),
  'a name that no resolver answers for': (entry) => ({ ...entry, dns: { resolvers: ['203.0.113.10:5300'] } }),
  'a server that was stopped': (entry) => ({ ...entry, url: 'wss://livekit.staging.example.com:4444' }),
};

/** Once more where this machine had no time to listen, which says nothing about how many there are. */
async function check(t: Test, ...asked: Parameters<typeof checkOnce>): Promise<Run> {
  const run = await checkOnce(...asked);
  const starved = run.environments.filter(({ findings }) => findings.some(({ code }) => code === 'vantage-starved'));
  if (starved.length === 0) return run;
  t.comment(`once more: this machine was too busy for ${starved.map(({ name }) => name).join(', ')}`);
  return checkOnce(...asked);
}

/** Checks them all with the command line, in one process, from the vantage. */
async function checkOnce(sandbox: Sandbox, entries: Record<string, EnvironmentEntry>, depth: Depth): Promise<Run> {
  // JSON is YAML. What is not quoted here comes from this file alone.
  const write = `printf %s '${JSON.stringify({ environments: entries })}' > ${file}`;
  const run = `exec '${process.execPath}' '${main}' check --config ${file} --depth ${depth} --json`;
  const { output, complaint } = await sandbox.order({
    do: 'exec-at-vantage',
    command: ['sh', '-c', `${write}; ${run}`],
  });
  if (!output) throw new Error(complaint);
  return JSON.parse(output) as Run;
}

const median = (environments: readonly EnvironmentRun[]): number => {
  const sorted = environments.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
};

function passes(t: Test, environments: readonly EnvironmentRun[]): void {
  const troubled = environments.filter(({ verdict }) => verdict !== 'pass');
  t.same(
    troubled.map(({ name, verdict, findings }) => [name, verdict, findings.map(({ code }) => code)]),
    [],
  );
}

async function healthyEntry(sandbox: Sandbox): Promise<EnvironmentEntry> {
  const { output } = await sandbox.order({ do: 'exec-at-vantage', command: ['cat'] });
  const { environments } = JSON.parse(output) as { environments: Record<string, EnvironmentEntry> };
  return Object.values(environments)[0] as EnvironmentEntry;
}

for (const [depth, kinds] of [
  ['wire', Object.keys(dead)],
  ['peer', Object.keys(dead).slice(0, 1)],
] as const) {
  t.test(`ten at depth ${depth}`, async (t) => {
    const sandbox = await openSandbox({ topology: 'plain', vantage: 'open', faults: [], livekitServer });
    try {
      // Packets to these ports go nowhere; all others that nobody listens on are refused.
      const drop = [
        'nft add table inet dead',
        "nft add chain inet dead input '{ type filter hook input priority -1; }'",
        "nft add rule inet dead input th dport '{ 4443, 5300 }' drop",
      ].join(' && ');
      const { code, complaint } = await sandbox.order({ do: 'exec', host: 'server', command: ['sh', '-c', drop] });
      t.equal(code, 0, complaint);
      const entry = await healthyEntry(sandbox);
      const nine = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`alive-${i}`, entry]));
      const alone = await check(t, sandbox, nine, depth);
      t.equal(alone.environments.length, 9);
      passes(t, alone.environments);
      for (const kind of kinds) {
        const run = await check(t, sandbox, { dead: dead[kind]?.(entry) ?? entry, ...nine }, depth);
        const [gone, ...others] = run.environments;
        t.equal(gone?.name, 'dead');
        t.equal(others.length, 9);
        t.not(gone?.verdict, 'pass', kind);
        t.ok(
          gone?.findings.some(({ severity }) => severity === 'error'),
          JSON.stringify(gone?.findings),
        );
        passes(t, others);
        const ratio = (median(others) / median(alone.environments)).toFixed(2);
        t.comment(
          `${kind}: ${gone?.findings.map(({ code }) => code)} after ${Math.round(gone?.durationMs ?? 0)} ms; the others ` +
            `after ${Math.round(median(others))} ms, ${ratio} times as long as the ${Math.round(median(alone.environments))} ms without it`,
        );
      }
    } finally {
      await sandbox.close();
    }
  });
}
