/** Runs the built command line as a process of its own. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export { writeConfiguration } from '../../fixtures/embedded/written.js';

export const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Called {
  cwd?: string;
  /** A command that runs another, which it is given: `nice`, or what makes this machine worse than it is. */
  through?: readonly string[];
  /** Beside PATH, HOME and where livekit-server and a browser are. */
  env?: Record<string, string | undefined>;
  /** Called with each piece of standard error, for example to send a signal. */
  onProgress?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
  /** The same of standard output. */
  onOutput?: Called['onProgress'];
}

const kept = [
  'PATH',
  'HOME',
  'XDG_CACHE_HOME',
  'LIVEKIT_SERVER_BIN',
  'LIVEKIT_DOCTOR_BROWSER',
  'PLAYWRIGHT_BROWSERS_PATH',
];

export function cli(
  parameters: readonly string[],
  { cwd, through = [], env, onProgress, onOutput }: Called = {},
): Promise<Result> {
  if (!existsSync(main)) throw new Error('the command line is tested as it is built: npm run build');
  const base = Object.fromEntries(kept.map((name) => [name, process.env[name]]));
  const [program = process.execPath, ...args] = [...through, process.execPath, main, ...parameters];
  const child = spawn(program, args, {
    cwd,
    env: { ...base, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const result: Result = { code: null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    result.stdout += text;
    onOutput?.(text, (signal) => child.kill(signal));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    result.stderr += text;
    onProgress?.(text, (signal) => child.kill(signal));
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ ...result, code }));
  });
}
