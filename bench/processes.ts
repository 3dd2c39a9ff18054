/** The processes that can be seen from here, as Linux tells of them. */
import { readdir, readFile } from 'node:fs/promises';

export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** `Z` of one that has ended and that its parent did not wait for. */
  readonly state: string;
  /** Of processor time, its own. */
  readonly ownTicks: number;
  /** Its own and of those children that it has waited for. */
  readonly ticks: number;
}

/** Source: proc_pid_stat(5). */
export async function processes(): Promise<Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      if (stat === '') return [];
      // The name, in parentheses, may hold spaces. What follows begins with the third field.
      const [state = '', ...numbers] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const fields = numbers.map(Number);
      const [parent = 0] = fields;
      // utime, stime, cutime, cstime: fields 14 to 17.
      const [user = 0, system = 0, ...children] = fields.slice(10, 14);
      const ownTicks = user + system;
      const ticks = children.reduce((sum, one) => sum + one, ownTicks);
      return [{ pid: Number(pid), parent, state, ownTicks, ticks }];
    }),
  );
  return all.flat();
}
