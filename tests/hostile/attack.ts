/** One case: its peers are started, a real check looks at them, and all that it leaves is kept. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Run } from '../../evidence/run.js';
import type { Certificate } from '../../fixtures/certificates.js';
import { apiSecret, type HostileCase, type Place } from '../../fixtures/hostile/case.js';
import { reporters } from '../../reporters/index.js';
import { watchMemory } from './memory.js';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const witness = new URL('./witness.mjs', import.meta.url).href;

/** All deadlines of a check one after the other, and a machine that has little time for it. */
const killAfterMs = 90_000;
const firstLure = 20_000;
/** Neighbouring ports are tried, too. */
const betweenLures = 10;

export interface Certificates {
  readonly ca: Certificate;
  readonly leaf: Certificate;
}

/** A case, and which of all it is. */
export interface Numbered {
  readonly one: HostileCase;
  readonly index: number;
}

export interface Attacked extends Numbered {
  readonly place: Pick<Place, 'address' | 'name' | 'lure'>;
  /** Nothing else was looked at by the same process. */
  readonly alone: boolean;
  /** From the start of the process to its end. */
  readonly ms: number;
  readonly code: number | null;
  /** It was killed, because it did not end. */
  readonly killed: boolean;
  /** Absent: it left none. */
  readonly run?: Run;
  /** By its name, also `stdout` and `stderr`. */
  readonly outputs: Readonly<Record<string, string>>;
  /** The most that it had at once; absent: it ended before it could tell. */
  readonly rssMb?: number;
  /** The same, of all processes together; absent: nobody looked. */
  readonly inAllMb?: number;
}

function placeOf(index: number): Pick<Place, 'address' | 'name' | 'lure'> {
  return {
    address: `198.51.100.${index + 1}`,
    name: `livekit${index}.hostile.test`,
    lure: firstLure + betweenLures * index,
  };
}

/** Several at once are environments of one check, which is then bounded as one of them is. */
export async function attack(several: readonly Numbered[], { ca, leaf }: Certificates): Promise<Attacked[]> {
  const closers: (() => void)[] = [];
  const directory = mkdtempSync(join(tmpdir(), 'hostile-'));
  try {
    const places = several.map(({ index }): Place => {
      return { ...placeOf(index), certificate: leaf, onEnd: (close) => closers.push(close) };
    });
    const environments: Record<string, object> = {};
    for (const [at, { one }] of several.entries()) {
      const place = places[at] as Place;
      const entry = await one.start(place);
      environments[place.name] = { auth: { apiKey: 'hostile-key', apiSecret }, tls: { ca: 'ca.pem' }, ...entry };
    }
    writeFileSync(join(directory, 'ca.pem'), ca.certificate);
    writeFileSync(join(directory, 'livekit-doctor.yaml'), JSON.stringify({ environments }));
    const checked = await check(several[0]?.one as HostileCase, directory);
    return several.map(({ one, index }, at) => {
      return { one, index, place: places[at] as Place, alone: several.length === 1, ...checked };
    });
  } finally {
    for (const close of closers) close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function reports({ everyFormat }: HostileCase): string[] {
  const files = everyFormat
    ? Object.keys(reporters).filter((name) => !reporters[name]?.sent && !reporters[name]?.beside)
    : ['json'];
  const all = [...files.filter((name) => name !== 'console').map((name) => `${name}=report.${name}`), 'console'];
  return [...all, ...(everyFormat ? ['github'] : [])].flatMap((one) => ['--reporter', one]);
}

type Checked = Omit<Attacked, keyof Numbered | 'place' | 'alone'>;

function check(one: HostileCase, cwd: string): Promise<Checked> {
  const { PATH, HOME, XDG_CACHE_HOME, LIVEKIT_DOCTOR_BROWSER } = process.env;
  const args = ['check', '--depth', 'wire', ...reports(one), ...(one.flags ?? [])];
  const began = performance.now();
  const child = spawn(process.execPath, [`--import=${witness}`, main, ...args], {
    cwd,
    env: { PATH, HOME, XDG_CACHE_HOME, LIVEKIT_DOCTOR_BROWSER, HOSTILE_WITNESS: join(cwd, 'witness') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const outputs: Record<string, string> = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      outputs[name] += text;
    });
  }
  const allMb = one.mostInAllMb !== undefined && child.pid !== undefined ? watchMemory(child.pid) : undefined;
  let killed = false;
  const late = setTimeout(() => {
    killed = true;
    child.kill('SIGKILL');
  }, killAfterMs);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(late);
      const inAllMb = allMb?.();
      const ms = performance.now() - began;
      const files = readdirSync(cwd);
      for (const file of files.filter((name) => name.startsWith('report.'))) {
        outputs[file] = readFileSync(join(cwd, file), 'utf8');
      }
      const told = files.filter((name) => name.startsWith('witness.'));
      const rss = told.map((name) => Number(readFileSync(join(cwd, name), 'utf8')) / 1024);
      const json = outputs['report.json'];
      resolve({
        ms,
        code,
        killed,
        outputs,
        ...(json && { run: JSON.parse(json) as Run }),
        ...(rss.length > 0 && { rssMb: Math.round(Math.max(...rss)) }),
        ...(inAllMb !== undefined && { inAllMb }),
      });
    });
  });
}
