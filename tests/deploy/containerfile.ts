/**
 * What deploy/Containerfile makes, as far as it can be made without a container engine: its COPY, `npm ci` and RUN steps are
 * carried out as they stand. What Debian's packages, the base image and the build bring is taken from this machine: `/usr`,
 * Node and `dist`.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inRoot } from './root.js';

const execute = promisify(execFile);
export const checkout = fileURLToPath(new URL('../..', import.meta.url));

export interface Instruction {
  readonly keyword: string;
  readonly value: string;
}

export interface Stage {
  readonly name: string;
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

/** docs.docker.com/reference/dockerfile: comments, continued lines, stages. */
function parseContainerfile(text: string): Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const line of lines) {
    const [, keyword = '', value = ''] = /^([A-Z]+)\s+(.+)$/.exec(line) ?? [];
    if (keyword === 'FROM') {
      const [from = '', , name = ''] = value.split(/\s+/);
      stages.push({ from, name, instructions: [] });
    } else {
      stages.at(-1)?.instructions.push({ keyword, value });
    }
  }
  return stages;
}

export interface Image {
  /** The folder that is its root; `/usr` and the like are to come from this machine. */
  readonly root: string;
  readonly workdir: string;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What was not carried out. */
  readonly left: readonly string[];
}

export async function makeImage(folder: string): Promise<Image> {
  const stages = parseContainerfile(await readFile(join(checkout, 'deploy/Containerfile'), 'utf8'));
  const roots = new Map<string, string>();
  let image: Image | undefined;
  for (const stage of stages) {
    // Built already, by the same command: this checkout is its /app.
    if (stage.name === 'build') continue;
    const root = join(folder, stage.name || 'image');
    image = await carryOut(stage, root, (from, path) =>
      from === 'build' ? join(checkout, path.replace(/^\/app\//, '')) : join(roots.get(from) ?? '', path),
    );
    roots.set(stage.name, root);
  }
  if (!image) throw new Error('no stage');
  return image;
}

const ofDebian = /^(apt-get|groupadd|useradd) /;

async function carryOut(
  { instructions }: Stage,
  root: string,
  fromStage: (stage: string, path: string) => string,
): Promise<Image> {
  const image = { root, workdir: '/', user: '0', entrypoint: [] as string[], env: {} as Record<string, string> };
  const left: string[] = [];
  await mkdir(join(root, 'usr/local/bin'), { recursive: true });
  for (const { keyword, value } of instructions) {
    const here = join(root, image.workdir);
    if (keyword === 'WORKDIR') {
      image.workdir = value;
      await mkdir(join(root, value), { recursive: true });
    } else if (keyword === 'COPY') {
      await copy(value, here, fromStage);
    } else if (keyword === 'RUN') {
      if (ofDebian.test(value)) left.push(value);
      else if (value.startsWith('npm ')) {
        const env = { ...process.env, npm_config_prefer_offline: 'true', npm_config_loglevel: 'error' };
        // The cache of this machine is not the image's.
        await execute('sh', ['-c', value.replace(' && npm cache clean --force', '')], { cwd: here, env });
      } else await inRoot({ root, writable: true, workdir: image.workdir, argv: ['sh', '-c', value] });
    } else if (keyword === 'ENV') {
      const [name = '', ...rest] = value.split('=');
      image.env[name] = rest.join('=');
    } else if (keyword === 'USER') {
      image.user = value;
    } else if (keyword === 'ENTRYPOINT') {
      image.entrypoint = JSON.parse(value) as string[];
    } else if (keyword !== 'CMD') {
      throw new Error(`${keyword}: this test does not know what it does`);
    }
  }
  return { ...image, left };
}

async function copy(value: string, here: string, fromStage: (stage: string, path: string) => string): Promise<void> {
  const words = value.split(/\s+/);
  const [, stage] = /^--from=(.+)$/.exec(words[0] ?? '') ?? [];
  const paths = stage ? words.slice(1) : words;
  const target = paths.pop() ?? '';
  const to = isAbsolute(target) ? target : join(here, target);
  for (const path of paths) {
    const from = stage ? fromStage(stage, path) : join(checkout, path);
    if (!existsSync(from)) throw new Error(`COPY ${value}: there is no ${path}`);
    const isFolder = target.endsWith('/');
    const place = isFolder ? join(to, path.split('/').pop() ?? '') : to;
    await mkdir(dirname(place), { recursive: true });
    if (stage && path.endsWith('node_modules')) await execute('cp', ['-al', from, place]);
    else await cp(from, place, { recursive: true });
  }
}
