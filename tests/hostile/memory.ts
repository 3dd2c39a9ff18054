/** What a process and all that it started take, while it runs. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { familyOf, processes } from '../../fixtures/processes.js';

const everyMs = 250;

/** Of one process, what it shares with nobody and no file, in kB (proc_pid_status(5)); 0 once it is gone. */
async function ownKb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1] ?? 0);
}

/** Looks from now on; call what it returns for the most that there was at once, in MB, and the end of it. Infinite: it could not look. */
export function watchMemory(root: number): () => number {
  let mostKb = 0;
  let isOver = false;
  const look = async (): Promise<void> => {
    while (!isOver) {
      const all = await Promise.all(familyOf(root, await processes()).map(ownKb));
      mostKb = Math.max(
        mostKb,
        all.reduce((sum, one) => sum + one, 0),
      );
      await sleep(everyMs);
    }
  };
  look().catch(() => {
    mostKb = Number.POSITIVE_INFINITY;
  });
  return () => {
    isOver = true;
    return Math.round(mostKb / 1024);
  };
}
