/**
 * One deployment in the lab, seen from three vantages at the same time (open, UDP blocked, inside of its NAT), with a fault
 * of its own, of a vantage's, or of both: `merge` says which is whose.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Finding, Run, Verdict } from '../../evidence/run.js';
import { requireLivekitServer } from '../../fixtures/embedded/livekit-server.js';
import type { PlaceOptions } from '../../fixtures/lab/places.js';
import { openSandbox } from '../../fixtures/lab/sandbox.js';
import { cli } from '../cli/cli.js';

t.setTimeout(900_000);
// Most of a check is waiting.
t.jobs = 2;
const livekitServer = await requireLivekitServer();

interface Combination {
  /** Made in the lab: of the deployment, and at the vantage `udp-blocked`. */
  faults: readonly string[];
  places: PlaceOptions;
  /** Codes of errors and warnings, by whose fault they are said to be; behind `@` who sees them. */
  deployment?: readonly string[];
  vantages?: readonly string[];
  undecided?: readonly string[];
  verdict: Verdict;
}

/** The deployment's router leads all of them to it; or the client that is inside does not get back in. */
const all = { hairpin: 'all' } as const;
const noWayBack = { hairpin: 'server' } as const;
const blocked = 'udp-blocked-at-vantage@udp-blocked';

const combinations: Record<string, Combination> = {
  'a healthy deployment': { faults: [], places: all, vantages: [blocked], verdict: 'pass' },
  'no way back in': {
    faults: [],
    places: noWayBack,
    vantages: ['hairpin-missing@inside', blocked],
    verdict: 'pass',
  },
  // Who is inside proves nothing about the way from outside, and nobody else is left who could prove UDP.
  'a clock that is wrong at one vantage': {
    faults: [],
    places: { ...all, open: 'clock' },
    vantages: ['vantage-clock-skew@open', blocked],
    verdict: 'inconclusive',
  },
  'a resolver of one vantage that remembers an old address': {
    faults: [],
    places: { ...all, open: 'stale-resolver' },
    vantages: ['dns-wrong-address@open', blocked],
    verdict: 'inconclusive',
  },
  'TLS that is opened at one vantage': {
    faults: ['tls-intercepted'],
    places: all,
    vantages: ['tls-intercepted@udp-blocked'],
    verdict: 'pass',
  },
  'TCP that is dropped in front of the deployment': {
    faults: ['tcp-port-filtered'],
    places: noWayBack,
    deployment: ['tcp-port-filtered@open,udp-blocked'],
    vantages: ['hairpin-missing@inside', blocked],
    verdict: 'fail',
  },
  'UDP that is dropped in front of the deployment': {
    faults: ['udp-filtered'],
    places: all,
    deployment: ['udp-filtered@open'],
    vantages: [blocked],
    verdict: 'fail',
  },
  'UDP that is dropped, and no way back in': {
    faults: ['udp-filtered'],
    places: noWayBack,
    deployment: ['udp-filtered@open'],
    vantages: ['hairpin-missing@inside', blocked],
    verdict: 'fail',
  },
  'a UDP port at which nothing listens, whose refusal only the inside gets to see': {
    faults: ['udp-port-closed'],
    places: all,
    deployment: ['udp-port-closed@inside,open'],
    vantages: [blocked],
    verdict: 'fail',
  },
  'a TCP port at which nothing listens': {
    faults: ['tcp-port-refused'],
    places: all,
    deployment: ['tcp-port-refused@inside,open,udp-blocked'],
    vantages: [blocked],
    verdict: 'fail',
  },
  'TURN over UDP that is dropped': {
    faults: ['turn-udp-unreachable'],
    places: all,
    deployment: ['turn-udp-unreachable@open'],
    vantages: [blocked],
    verdict: 'fail',
  },
  'a TURN name that is missing, and no way back in': {
    faults: ['turn-name-missing'],
    places: noWayBack,
    deployment: ['turn-name-missing@inside,open,udp-blocked'],
    vantages: ['hairpin-missing@inside', blocked],
    verdict: 'fail',
  },
  'a wrong media address': {
    faults: ['media-address-wrong'],
    places: all,
    deployment: ['media-address-wrong@inside,open,udp-blocked'],
    verdict: 'fail',
  },
  'a certificate that has expired': {
    faults: ['tls-certificate-expired'],
    places: noWayBack,
    deployment: ['tls-certificate-expired@inside,open,udp-blocked'],
    verdict: 'fail',
  },
  'a wrong secret, and a vantage that is offline': {
    faults: ['token-secret-wrong'],
    places: { ...all, open: 'offline' },
    deployment: ['token-secret-wrong@inside,udp-blocked'],
    vantages: ['vantage-offline@open'],
    verdict: 'fail',
  },
  'a server that is down, and a clock that is wrong': {
    faults: ['ingress-backend-down'],
    places: { ...all, open: 'clock' },
    deployment: ['ingress-backend-down@inside,udp-blocked'],
    vantages: ['vantage-clock-skew@open'],
    verdict: 'fail',
  },
  // Nobody is left who is known to be outside: one sees it, one denies it.
  'TCP that is dropped, and nobody else outside who could say so': {
    faults: ['tcp-port-filtered'],
    places: { ...all, open: 'clock' },
    undecided: ['tcp-port-filtered@udp-blocked'],
    vantages: ['vantage-clock-skew@open', blocked],
    verdict: 'inconclusive',
  },
};

const exitCodes = { pass: 0, fail: 1, inconclusive: 3 } as const;

async function runsOf({ faults, places }: Combination): Promise<Run[]> {
  const sandbox = await openSandbox({
    topology: 'plain',
    vantage: 'udp-blocked',
    faults: [...faults],
    places,
    livekitServer,
  });
  try {
    return await sandbox.order({ do: 'check-from-all' });
  } finally {
    await sandbox.close();
  }
}

async function mergedOf(directory: string, runs: readonly Run[]): Promise<{ code: number | null; run: Run }> {
  await Promise.all(runs.map((run) => writeFile(join(directory, `${run.vantage.name}.json`), JSON.stringify(run))));
  const { code, stdout, stderr } = await cli(['merge', directory, '--json', '--within', '24h'], { cwd: directory });
  if (!stdout) throw new Error(stderr);
  return { code, run: JSON.parse(stdout) as Run };
}

const blamed = (findings: readonly Finding[], whose: string): string[] =>
  [
    ...new Set(
      findings
        .filter(({ severity, seenFrom }) => severity !== 'info' && seenFrom?.blames === whose)
        .map(({ code, seenFrom }) => `${code}@${seenFrom?.sees}`),
    ),
  ].sort();

/** Once more, alone, where something else on these cores may have been in the way. */
async function holds(t: Test, combination: Combination, again = true): Promise<void> {
  const runs = await runsOf(combination);
  const { code, run } = await mergedOf(t.testdir(), runs);
  const [environment] = run.environments;
  const findings = environment?.findings ?? [];
  const found = {
    code,
    verdict: environment?.verdict,
    deployment: blamed(findings, 'deployment'),
    vantages: blamed(findings, 'vantage'),
    undecided: blamed(findings, 'undecided'),
  };
  const { deployment = [], vantages = [], undecided = [], verdict } = combination;
  const wanted = {
    code: exitCodes[verdict],
    verdict,
    deployment: [...deployment].sort(),
    vantages: [...vantages].sort(),
    undecided: [...undecided].sort(),
  };
  if (again && JSON.stringify(found) !== JSON.stringify(wanted)) {
    t.comment(`once more: ${JSON.stringify(found)}`);
    return holds(t, combination, false);
  }
  t.same(found, wanted);
  t.same(
    run.vantages?.map(({ name }) => name),
    ['inside', 'open', 'udp-blocked'],
  );
  const ids = environment?.observations.map(({ id }) => id) ?? [];
  t.same(
    findings.flatMap(({ evidence }) => evidence).filter((id) => !ids.includes(id)),
    [],
    'whatever a finding rests on is there, with who saw it',
  );
}

for (const [name, combination] of Object.entries(combinations)) {
  t.test(name, { buffered: true }, (t) => holds(t, combination));
}
