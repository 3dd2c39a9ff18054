/** Gets a Chromium where there is none. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { printable } from '../evidence/text.js';
import { type FoundBrowser, findBrowser, missingBrowser } from './executable.js';

/** A download of 100 MB over a slow line. */
const downloadMs = 600_000;
/** On Debian; the first is the smaller and quicker one, which older releases do not have. */
const packages = ['chromium-headless-shell', 'chromium'];

/**
 * The browser that there is; else by Playwright's own download; else, as root on a Debian, the distribution's package.
 * `progress` gets a line for each step. Throws an Error whose text says how to get one, and the signal's reason when it
 * aborts, after the step that was under way has been ended.
 */
export async function installBrowser(progress: (line: string) => void, signal: AbortSignal): Promise<FoundBrowser> {
  const run = async (command: string, parameters: readonly string[], limitMs = downloadMs) => {
    const problem = await runProgram(command, parameters, limitMs, signal);
    signal.throwIfAborted();
    return problem;
  };
  const found = findBrowser();
  if (found) return found;
  // What was named is wrong, and nothing that is installed would change that.
  if (process.env.LIVEKIT_DOCTOR_BROWSER) throw new Error(missingBrowser());

  progress('downloading Chromium with Playwright');
  const cli = join(dirname(createRequire(import.meta.url).resolve('playwright/package.json')), 'cli.js');
  const refusal = await run(process.execPath, [cli, 'install', 'chromium', '--only-shell']);
  const downloaded = findBrowser();
  // Where system libraries are missing it does not start, and the package below brings them along.
  const problem = refusal ?? (downloaded && (await run(downloaded.executable, ['--version'], 10_000)));
  if (downloaded && !problem) return downloaded;
  progress(`Playwright's Chromium cannot be had: ${problem}`);

  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    progress('installing Chromium with apt-get');
    const stale = await run('apt-get', ['update']);
    if (stale) progress(`apt-get update: ${stale}`);
    for (const name of packages) {
      const failure = await run('apt-get', ['install', '-y', '--no-install-recommends', name]);
      const installed = findBrowser();
      if (installed && !failure) return installed;
      progress(`apt-get install ${name}: ${failure}`);
    }
  }
  throw new Error(missingBrowser());
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
