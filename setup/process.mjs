/** What the set-up says and runs. */
import { spawn } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** A reason, in words for whoever ran the command, why the set-up cannot go on. */
export class SetupError extends Error {}

/** The absolute path of something in this checkout. */
export const root = (path = '.') => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** A module of the build. */
export const built = (path) => import(pathToFileURL(root(`dist/${path}`)).href);

export const say = (text) => process.stderr.write(text);

export function fail(message) {
  say(`livekit-doctor: ${message}\n`);
  process.exit(2);
}

/** Says what is being done, does it, and says how long it took. */
export async function step(doing, work) {
  say(`livekit-doctor: ${doing}\n`);
  const started = performance.now();
  await work();
  say(`livekit-doctor: ${doing}: done in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}

/**
 * Runs a program whose whole output goes to standard error, and hands Ctrl-C on to it. Returns its exit code; throws a
 * `SetupError` when that is not 0, unless it `mayFail`.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ mayFail?: boolean, env?: NodeJS.ProcessEnv, onOutput?: (text: string) => void }} options
 * `onOutput`: takes its standard output instead.
 */
export async function run(command, args, { mayFail = false, env = process.env, onOutput } = {}) {
  const child = spawn(command, args, { cwd: root(), env, stdio: ['ignore', onOutput ? 'pipe' : 2, 2] });
  child.stdout?.setEncoding('utf8').on('data', onOutput);
  let interruptedBy;
  const interrupt = (signal) => {
    interruptedBy = signal;
    child.kill(signal);
    setTimeout(() => child.kill('SIGKILL'), 3000).unref();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, interrupt);
  try {
    const code = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode) => resolve(exitCode ?? 1));
    });
    if (interruptedBy !== undefined) process.exit(130);
    if (code !== 0 && !mayFail) throw new SetupError(`${[command, ...args].join(' ')} ended with exit code ${code}`);
    return code;
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}
