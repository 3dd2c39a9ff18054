/**
 * `npm run --silent sbom`: prints the bill of materials (CycloneDX) of what is installed with livekit-doctor. npm makes it,
 * of the lock file without what is for development: `npm sbom --omit dev` (seen with npm 11.19) also leaves out what both
 * need.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './process.mjs';

const json = (name) => JSON.parse(readFileSync(root(name), 'utf8'));
const { devDependencies: _, scripts: __, ...manifest } = json('package.json');
const lock = json('package-lock.json');
const { devDependencies: ___, ...ours } = lock.packages[''];
const others = Object.entries(lock.packages).filter(([place, { dev }]) => place !== '' && !dev);
const packages = { '': ours, ...Object.fromEntries(others) };

const folder = mkdtempSync(join(tmpdir(), 'livekit-doctor-sbom-'));
try {
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ ...lock, packages }));
  const parameters = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'];
  const { status } = spawnSync('npm', parameters, { cwd: folder, stdio: 'inherit' });
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
