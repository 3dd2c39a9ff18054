/** The runs of the lab, judged again without a network: the same finding, and no other when an observation is missing. */
import { readdir } from 'node:fs/promises';
import t from 'tap';
import { diagnose } from '../../diagnosis/index.js';
import { loadRun } from '../../evidence/load.js';
import type { EnvironmentRun, Finding } from '../../evidence/run.js';
import { codeOf, type Family } from '../../fixtures/lab/faults/fault.js';
import { faults } from '../../fixtures/lab/faults/index.js';

const folder = new URL('../../fixtures/runs/', import.meta.url);
const files = (await readdir(folder)).filter((name) => name.endsWith('.json'));

const loud = ({ findings }: Pick<EnvironmentRun, 'findings'>): string[] =>
  findings.filter(({ severity }) => severity !== 'info').map(({ code }) => code);

/** What a finding says that it could be. */
const possible = ({ code, alternatives = [] }: Finding): string[] => [code, ...alternatives.map((one) => one.code)];

/** Whose rows of the catalogue are closed. */
const families: readonly Family[] = ['healthy', 'dns', 'tls', 'signal', 'ice', 'turn', 'media', 'vantage', 'drift'];

t.test('every fault of the lab has its recorded run', async (t) => {
  const recorded = new Set(files.map((name) => name.replace(/\.json$/, '').replace('.', '/')));
  t.same(
    faults.filter(({ id, family }) => families.includes(family) && !recorded.has(id)).map(({ id }) => id),
    [],
    'else: livekit-doctor lab all --record fixtures/runs',
  );
});

for (const file of files) {
  const id = file.replace(/\.json$/, '').replace('.', '/');
  const fault = faults.find((one) => one.id === id);
  if (!fault) continue;
  t.test(id, async (t) => {
    const { environments } = await loadRun(new URL(file, folder).pathname, file);
    for (const environment of environments) {
      const judged = diagnose(environment);
      t.same(
        judged,
        { ...judged, verdict: environment.verdict, findings: environment.findings },
        'judged as it was then',
      );
      if (fault.family === 'healthy') t.same(loud(judged), []);
      else t.ok(judged.findings.some(({ code }) => code === codeOf(fault)));

      const before = judged.findings.flatMap(possible);
      for (const { id: without } of environment.observations) {
        const observations = environment.observations.filter((observation) => observation.id !== without);
        const { verdict, findings } = diagnose({ ...environment, observations });
        if (verdict !== 'fail') continue;
        const others = findings
          .filter(({ severity, code }) => severity === 'error' && code !== 'unexplained-failure')
          .filter((finding) => !possible(finding).some((code) => before.includes(code)));
        t.same(
          others.map(({ code }) => code),
          [],
          `without ${without} no other cause is named`,
        );
      }
    }
  });
}
