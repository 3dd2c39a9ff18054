/** `serve` as a process of its own, and what it answers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import parsePrometheus from 'parse-prometheus-text-format';
import type { Test } from 'tap';
import { main } from './cli.js';

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

export interface Serving {
  readonly child: ChildProcess;
  readonly cwd: string;
  log(): string;
  get(path: string, headers?: Record<string, string>, method?: string): Promise<Answer>;
  /** Of a metric with these labels. */
  value(name: string, labels?: Record<string, string>): Promise<number | undefined>;
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export async function until(t: Test, what: string, holds: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < 400; i += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  t.fail(`it never came: ${what}`);
}

/** In a folder that has a configuration; on a port of its own. */
export async function startServing(t: Test, cwd: string, parameters: readonly string[] = []): Promise<Serving> {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, LIVEKIT_DOCTOR_MARK: cwd };
  const command = ['serve', '--listen', '127.0.0.1:0', ...parameters];
  const child = spawn(process.execPath, [main, ...command], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => void child.kill('SIGKILL'));
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  const exit = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  await until(t, 'listening', async () => /listening on/.test(told) || child.exitCode !== null);
  const port = Number(/listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(told)?.[1]);
  const get: Serving['get'] = (path, headers = {}, method = 'GET') =>
    new Promise((resolve, reject) => {
      const asking = request({ host: '127.0.0.1', port, path, headers, method, agent: false }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text) => {
          body += text;
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      });
      asking.once('error', reject).end();
    });
  return {
    child,
    cwd,
    get,
    log: () => told,
    value: async (name, labels) => valueIn((await get('/metrics')).body, name, labels),
    end(signal) {
      child.kill(signal);
      return exit;
    },
  };
}

export function valueIn(text: string, name: string, labels: Record<string, string> = {}): number | undefined {
  const family = parsePrometheus(text).find((one) => one.name === `livekit_doctor_${name}`);
  const found = family?.metrics.find((one) =>
    Object.entries(labels).every(([label, value]) => one.labels?.[label] === value),
  );
  return found && Number(found.value);
}

/** Processes that inherited the mark. */
export async function left(mark: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environment.includes(`LIVEKIT_DOCTOR_MARK=${mark}\0`)) found.push(pid);
  }
  return found;
}
