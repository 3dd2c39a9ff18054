/** A package of a user's: what docs/playwright.md shows, livekit-doctor as it is built, and nothing else. */
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflateRawSync } from 'node:zlib';
import type { Test } from 'tap';

const root = fileURLToPath(new URL('../../', import.meta.url));
const modules = ['playwright', 'playwright-core'];
export const playwrightCli = join(root, 'node_modules/playwright/cli.js');

/** The files of the page by their names, which stand in their first lines. */
export function documented(): Map<string, string> {
  const page = readFileSync(join(root, 'docs/playwright.md'), 'utf8');
  const blocks = [...page.matchAll(/^```ts\n(\/\/ (\S+)\n[\s\S]*?)^```$/gm)];
  return new Map(blocks.map(([, text = '', name = '']) => [name, text]));
}

/** Removed after the test. */
export function makePackage(t: Test, files: ReadonlyMap<string, string>): string {
  const directory = mkdtempSync(join(tmpdir(), 'lkd-user-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(root, join(directory, 'node_modules/livekit-doctor'));
  for (const name of modules) symlinkSync(join(root, 'node_modules', name), join(directory, 'node_modules', name));
  for (const [name, text] of [...files, ['package.json', '{ "type": "module" }'] as const]) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

interface Ended {
  code: number | null;
  /** Both streams. */
  said: string;
}

/** `playwright test` in that directory. */
export function runPlaywright(
  directory: string,
  parameters: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Ended> {
  return playwright(directory, ['test', ...parameters], env);
}

export function playwright(
  directory: string,
  parameters: readonly string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [playwrightCli, ...parameters], {
    cwd: directory,
    env: { ...process.env, ...ownVariables, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, said }));
  });
}

/** It serves its report otherwise, and goes on. And a test runner above us is none of its business. */
export const ownVariables = { PLAYWRIGHT_HTML_OPEN: 'never', NODE_OPTIONS: '', FORCE_COLOR: '0' };

/** Everything that a run has left, by file; what is packed into the reports, and into archives in them, too. */
export function leftovers(directory: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const folder of ['test-results', 'playwright-report', 'blob-report']) {
    if (!existsSync(join(directory, folder))) continue;
    for (const file of readdirSync(join(directory, folder), { recursive: true, encoding: 'utf8' })) {
      const name = join(folder, file);
      try {
        found.set(name, readFileSync(join(directory, name), 'latin1'));
      } catch {
        // A folder.
      }
    }
  }
  const packed = /data:application\/zip;base64,([\w+/=]+)/.exec(found.get('playwright-report/index.html') ?? '')?.[1];
  const unpack = (archive: Buffer, called: string): void => {
    for (const [name, text] of unzip(archive)) {
      found.set(`${called}:${name}`, text);
      if (name.endsWith('.zip')) unpack(Buffer.from(text, 'latin1'), `${called}:${name}`);
    }
  };
  unpack(Buffer.from(packed ?? '', 'base64'), 'report');
  for (const [name, text] of [...found]) if (name.endsWith('.zip')) unpack(Buffer.from(text, 'latin1'), name);
  return found;
}

/** By the central directory at the end (APPNOTE.TXT §4.3.12). */
function unzip(archive: Buffer): [name: string, text: string][] {
  const files: [string, string][] = [];
  const end = archive.lastIndexOf('PK\x05\x06');
  let at = end < 0 ? end : archive.readUInt32LE(end + 16);
  while (at >= 0 && archive.readUInt32LE(at) === 0x02014b50) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset));
    const name = archive.toString('utf8', at + 46, at + 46 + (nameLength ?? 0));
    const local = archive.readUInt32LE(at + 42);
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const data = archive.subarray(start, start + archive.readUInt32LE(at + 20));
    files.push([name, (archive.readUInt16LE(at + 10) === 8 ? inflateRawSync(data) : data).toString('latin1')]);
    at += 46 + (nameLength ?? 0) + (extraLength ?? 0) + (commentLength ?? 0);
  }
  return files;
}
