// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the file
/** What editors and readers are told of the file is what the file may hold. */
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { test } from 'tap';
import { parse } from 'yaml';
import { configurationJsonSchema, keysOf, withKeyTables } from '../../environment/json-schema.js';
import { keyReference } from '../../environment/reference.js';

const root = new URL('../../', import.meta.url);
const text = (path: string) => readFileSync(new URL(path, root), 'utf8');
const shipped = JSON.parse(text('environment/livekit-doctor.schema.json'));
const accepts = new Ajv({ allErrors: true, strict: true, strictTypes: false, strictRequired: false }).compile(shipped);

test('the shipped schema is the one that is checked against (else: npm run schema)', async (t) => {
  t.same(shipped, JSON.parse(JSON.stringify(configurationJsonSchema())));
});

test('it accepts what is right, variables and what is to be inherited among it', async (t) => {
  const page = text('docs/configuration.md');
  const readme = text('README.md');
  const examples = [...`${page}\n${readme}`.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml = '']) => yaml);
  const files = examples.filter((yaml) => yaml.includes('environments:'));
  t.ok(files.length >= 2, 'there are examples');
  for (const name of ['cloud-kubernetes', 'helm-port-range']) files.push(text(`fixtures/environments/${name}.yaml`));
  files.push('{ defaults: { agent: { publishes: true } }, environments: { a: { agent: { name: b } } } }');
  files.push(
    `environments: { a: { extends: b, media: { tcp: "\${TCP}", udp: "\${UDP:-30001-30009}" }, browsers: ["\${B}"],
      tls: { minDays: "\${D:-14}" }, turn: { host: "turn.\${H}", externalTls: "\${T:-true}" }, paths: { required: ["\${P}"] },
      agent: { name: a, joinWithin: "\${W}", publishes: "\${Y}" }, budgets: { lossPercent: "\${L:-0.5}" } }, b: {} }`,
  );
  for (const file of files) {
    // To other readers, a variable without quotes is a map where it stands in another.
    const quoted = file.replace(/(: )(\$\{\w+\})/g, '$1"$2"');
    t.ok(accepts(parse(quoted)), `${file}\n${JSON.stringify(accepts.errors)}`);
  }
});

test('it refuses what an editor can see', async (t) => {
  const refused = [
    '{}',
    'environments: {}',
    'environments: { a: { color: red } }',
    'environments: { a: { media: { tcp: "7881" } } }',
    'environments: { a: { media: { tcp: 70000 } } }',
    'environments: { a: { media: [] } }',
    'environments: { a: { paths: { required: [quic] } } }',
    'environments: { a: { turn: { externalTls: "yes" } } }',
    'defaults: { extends: a }\nenvironments: { a: {} }',
    'defaults: { media: { port: 1 } }\nenvironments: { a: {} }',
    'others: {}\nenvironments: { a: {} }',
  ];
  for (const file of refused) t.notOk(accepts(parse(file)), file);
});

test('every key is explained, in the order of the schema (else: environment/reference.ts)', async (t) => {
  t.same(Object.keys(keyReference), keysOf());
});

test('every key stands in the documentation (else: npm run schema)', async (t) => {
  const page = text('docs/configuration.md');
  t.equal(withKeyTables(page), page);
  for (const key of keysOf()) t.ok(page.includes(`| \`${key}\` |`), key);
});

test('the examples of the keys are right', async (t) => {
  for (const [key, { example }] of Object.entries(keyReference)) {
    const quoted = example.replace(/(^|: )(\$\{\w+\})/g, '$1"$2"');
    const value = parse(`v: ${quoted}`).v;
    const entry = key.split('.').reduceRight<unknown>((inner, step) => ({ [step]: inner }), value);
    t.ok(accepts({ environments: { a: entry } }), `${key}: ${example} ${JSON.stringify(accepts.errors)}`);
  }
});

test('the package brings it along', async (t) => {
  const { exports, files } = JSON.parse(text('package.json'));
  t.equal(exports['./livekit-doctor.schema.json'], './environment/livekit-doctor.schema.json');
  t.ok(files.includes('environment/livekit-doctor.schema.json'));
  t.ok(readdirSync(new URL('environment', root)).includes('livekit-doctor.schema.json'));
});
