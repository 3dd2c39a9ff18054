/** How files of ours are written. */
import { randomBytes } from 'node:crypto';
import { readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Nobody writes a file for so long: whoever began it was killed. */
const abandonedMs = 60_000;

/** Whoever reads the file sees the old one or the whole new one. */
export async function writeAtomically(file: string, text: string): Promise<void> {
  const beside = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(beside, text, { flag: 'wx' });
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

/**
 * Removes what `writeAtomically` began there, in another process, and never finished: files that should have got a name
 * that `isOurs`. Others may be writing now.
 */
export async function sweepAbandoned(directory: string, isOurs: (name: string) => boolean): Promise<void> {
  const begun = (await readdir(directory)).filter((file) => {
    const [, name = ''] = /^(.+)\.[\da-f]{8}\.tmp$/.exec(file) ?? [];
    return isOurs(name);
  });
  for (const file of begun) {
    const path = join(directory, file);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > abandonedMs) await rm(path, { force: true });
  }
}
