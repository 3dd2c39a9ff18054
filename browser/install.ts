/** Gets a browser where there is none. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { printable } from '../evidence/text.js';
import { type FoundBrowser, findBrowser, missingBrowser } from './executable.js';
import { findFirefox, missingFirefox } from './firefox-executable.js';
import type { BrowserName } from './participants.js';
import { findWebkit, missingWebkit } from './webkit.js';

/** A download of 100 MB over a slow line. */
const downloadMs = 600_000;

const kinds = {
  chromium: {
    label: 'Chromium',
    variable: 'LIVEKIT_DOCTOR_BROWSER',
    find: findBrowser,
    missing: missingBrowser,
    download: ['chromium', '--only-shell'],
    /** On Debian; the first is the smaller and quicker one, which older releases do not have. */
    packages: ['chromium-headless-shell', 'chromium'],
  },
  firefox: {
    label: 'Firefox',
    variable: 'LIVEKIT_DOCTOR_FIREFOX',
    find: findFirefox,
    missing: missingFirefox,
    download: ['firefox'],
    packages: ['firefox-esr'],
  },
  webkit: {
    label: 'WebKit',
    variable: 'LIVEKIT_DOCTOR_WEBKIT',
    find: findWebkit,
    missing: missingWebkit,
    download: ['--with-deps', 'webkit'],
    packages: [],
  },
} as const;

/**
 * The browser that there is; else by Playwright's own download; else, as root on a Debian, the distribution's package.
 * `progress` gets a line for each step. Throws an Error whose text says how to get one, and the signal's reason when it
 * aborts, after the step that was under way has been ended.
 */
export async function installBrowser(
  name: BrowserName,
  progress: (line: string) => void,
  signal: AbortSignal,
): Promise<FoundBrowser> {
  const { label, variable, find, missing, download, packages } = kinds[name];
  const run = async (command: string, parameters: readonly string[], limitMs = downloadMs) => {
    const problem = await runProgram(command, parameters, limitMs, signal);
    signal.throwIfAborted();
    return problem;
  };
  const found = find();
  if (found) return found;
  // What was named is wrong, and nothing that is installed would change that.
  if (process.env[variable]) throw new Error(missing());

  progress(`downloading ${label} with Playwright`);
  const cli = join(dirname(createRequire(import.meta.url).resolve('playwright/package.json')), 'cli.js');
  const refusal = await run(process.execPath, [cli, 'install', ...download]);
  const downloaded = find();
  // Where system libraries are missing it does not start, and the package below brings them along.
  const problem = refusal ?? (downloaded && (await run(downloaded.executable, ['--version'], 10_000)));
  if (downloaded && !problem) return downloaded;
  progress(`Playwright's ${label} cannot be had: ${problem}`);

  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    progress(`installing ${label} with apt-get`);
    const stale = await run('apt-get', ['update']);
    if (stale) progress(`apt-get update: ${stale}`);
    for (const name of packages) {
      const failure = await run('apt-get', ['install', '-y', '--no-install-recommends', name]);
      const installed = find();
      if (installed && !failure) return installed;
      progress(`apt-get install ${name}: ${failure}`);
    }
  }
  throw new Error(missing());
}

/** What went wrong, in one line; undefined when it ended well. */
function runProgram(
  command: string,
  parameters: readonly string[],
  limitMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = '';
    const child = spawn(command, parameters, {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: limitMs,
      signal,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000);
    });
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => {
      const lines = said.split('\n').map((line) => line.trim());
      const reason = lines.find((line) => /^(E:|Error:)/.test(line)) ?? lines.findLast(Boolean);
      resolve(code === 0 ? undefined : printable(reason ?? `ended by ${signal ?? code}`, 300));
    });
  });
}
