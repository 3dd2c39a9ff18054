/** Runs the built command line as a process of its own. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../../environment/environment.js';

export const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Called {
  cwd?: string;
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

export function cli(parameters: readonly string[], { cwd, env, onProgress, onOutput }: Called = {}): Promise<Result> {
  if (!existsSync(main)) throw new Error('the command line is tested as it is built: npm run build');
  const base = Object.fromEntries(kept.map((name) => [name, process.env[name]]));
  const child = spawn(process.execPath, [main, ...parameters], {
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

/** Writes a `livekit-doctor.yaml` (JSON is YAML) that names one environment `own`, and its CA. */
export async function writeConfiguration(directory: string, environment: Environment): Promise<void> {
  const { url, auth, ca, resolvers, claims } = environment;
  if (ca) await writeFile(join(directory, 'ca.pem'), ca);
  const entry = {
    url: url.href,
    auth,
    ...(ca && { tls: { ca: 'ca.pem' } }),
    dns: { ...claims.dns, ...(resolvers && { resolvers }) },
    media: claims.media && { ...claims.media, udp: number(claims.media.udp) },
    turn: claims.turn,
    paths: claims.paths,
  };
  await writeFile(join(directory, 'livekit-doctor.yaml'), JSON.stringify({ environments: { own: entry } }));
}

/** Of a port, or of the first of a range. */
function number(ports: string | undefined): number | undefined {
  return ports === undefined ? undefined : Number.parseInt(ports, 10);
}
