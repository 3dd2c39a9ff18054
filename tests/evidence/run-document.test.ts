import { readdir, readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { type Test, test } from 'tap';
import { diagnose } from '../../diagnosis/index.js';
import { loadRun, parseRun } from '../../evidence/load.js';
import type { EnvironmentRun } from '../../evidence/run.js';
import { runJsonSchema } from '../../evidence/schema.js';
import { healthy, run, wrongAddress } from '../samples.js';

const shipped = JSON.parse(await readFile(new URL('../../evidence/run.schema.json', import.meta.url), 'utf8'));
// The date has a pattern of its own beside the format.
const accepts = new Ajv2020({ allErrors: true, validateFormats: false }).compile(shipped);
const sample = run(healthy, wrongAddress);

test('the shipped schema is the one that the types make (else: npm run schema)', async (t) => {
  t.same(shipped, JSON.parse(JSON.stringify(runJsonSchema())));
});

test('the shipped schema accepts runs and refuses what is none', async (t) => {
  t.ok(accepts(sample), JSON.stringify(accepts.errors));
  t.ok(accepts({ ...sample, addedLater: true }), 'a later version may add keys');
  const refused: [string, unknown][] = [
    ['another version', { ...sample, schemaVersion: 2 }],
    ['no environments', { ...sample, environments: undefined }],
    ['a state that does not exist', run({ ...healthy, paths: { udp: { required: true, reach: 'skipped' as 'ok' } } })],
    ['a path that does not exist', run({ ...healthy, paths: { quic: { required: true } } as object })],
    ['a date of no calendar', { ...sample, startedAt: '2026-02-30T00:00:00Z' }],
  ];
  for (const [name, document] of refused) t.notOk(accepts(JSON.parse(JSON.stringify(document))), name);
});

test('every recorded run is accepted, loads, and is judged again as it was', async (t) => {
  const folder = new URL('../../fixtures/runs/', import.meta.url);
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  t.ok(files.length > 0);
  for (const file of files) {
    const text = await readFile(new URL(file, folder), 'utf8');
    t.ok(accepts(JSON.parse(text)), `${file} ${JSON.stringify(accepts.errors)}`);
    const recorded = parseRun(text, file);
    t.same(recorded, JSON.parse(text), `${file} has no key that the types do not know`);
    for (const environment of recorded.environments) {
      // The words may change.
      const judged = ({ verdict, findings, paths }: Pick<EnvironmentRun, 'verdict' | 'findings' | 'paths'>) => ({
        verdict,
        codes: findings.map(({ code }) => code),
        paths,
      });
      t.same(judged(diagnose(environment)), judged(environment), file);
    }
  }
});

test('a run survives being written and read', async (t) => {
  t.same(parseRun(JSON.stringify(sample), 'run.json'), sample);
  t.same(parseRun(`\uFEFF${JSON.stringify(sample)}`, 'run.json'), sample, 'with a byte order mark');
});

test('what cannot be read says which file, where and why', async (t) => {
  const said = (t: Test, text: string, message: RegExp) =>
    t.throws(() => parseRun(text, 'run.json'), { name: 'RunDocumentError', message });
  said(t, ' ', /^run\.json is empty\.$/);
  said(t, 'older', /^run\.json is not JSON: Unexpected token 'o'\.$/);
  said(t, '{\n  "schemaVersion": 1,\n  oops\n}', /^run\.json:3:3 is not JSON\.$/);
  said(t, '{\n  "schemaVersion"', /^run\.json:2:18 is not JSON(, it ends too early)?\.$/);
  said(t, 'null', /not a run of livekit-doctor/);
  said(t, '{"name":"x"}', /not a run of livekit-doctor/);
  said(t, JSON.stringify({ ...sample, schemaVersion: 2 }), /newer livekit-doctor \(schemaVersion 2.*upgrade/);
  said(t, JSON.stringify({ ...sample, durationMs: 'long' }), /^run\.json is not a valid run: durationMs: .*number/);
  const states = healthy.observations.map((one) => ({ ...one, state: 'fine' }));
  said(
    t,
    JSON.stringify({ ...sample, environments: [{ ...healthy, observations: states }] }),
    /environments\[0\]\.observations\[0\]\.state: .*\(and 4 more\)/,
  );
  await t.rejects(loadRun('/nowhere/run.json'), { message: /^\/nowhere\/run\.json cannot be read: there is no such/ });
  await t.rejects(loadRun('/'), { message: /it is a directory/ });
});
