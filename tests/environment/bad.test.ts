/** Files that are refused, each with exactly what is said of it: `fixtures/environments/bad/`. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { loadEnvironments } from '../../environment/load.js';
import { cli } from '../cli/cli.js';
import { complaint } from './complaint.js';

const cwd = fileURLToPath(new URL('../../fixtures/environments/bad/', import.meta.url));
const files = readdirSync(cwd).filter((name) => name.endsWith('.yaml'));
/** As they are printed: each line begins with the name of its file. */
const messages = readFileSync(`${cwd}messages.txt`, 'utf8').trimEnd().split('\n');
const env = {
  LIVEKIT_API_KEY: 'APIkey',
  LIVEKIT_API_SECRET: 'not-to-be-shown',
  NO_PORT: 'not-to-be-shown',
  HOME: `${cwd}home`,
};

const expected = (file: string) => messages.filter((message) => message.startsWith(`${file}:`));

test('each file is refused with its message, at its line and column', async (t) => {
  t.ok(files.length >= 30);
  for (const file of files) {
    const message = await complaint(loadEnvironments({ arguments: [], cwd, config: file, env }));
    t.same(message.split('\n'), expected(file), file);
    t.match(message, new RegExp(`^${file}:\\d+:\\d+: `));
    t.notMatch(message, 'not-to-be-shown');
  }
  const unknown = messages.filter((message) => !files.includes(message.split(':')[0] ?? ''));
  t.same(unknown, [], 'no message without a file');
});

test('the command says the same and ends with 2, without a stack trace', async (t) => {
  const some = [
    'empty',
    'extends-in-a-circle',
    'project-unknown',
    'quote-unclosed',
    'variable-unset',
    'url-with-credentials',
  ];
  for (const [i, name] of some.entries()) {
    const file = `${name}.yaml`;
    const command = i % 2 === 0 ? 'check' : 'config';
    const { code, stdout, stderr } = await cli([command, '--config', file], { cwd, env });
    t.equal(code, 2, file);
    t.equal(stdout, '', file);
    t.notMatch(stderr, /^ +at /m, file);
    const said = expected(file).map((message) => `livekit-doctor: ${message}\n`);
    t.ok(stderr.endsWith(said.join('')), `${file}: ${stderr}`);
  }
});
