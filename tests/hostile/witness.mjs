/** Loaded into a check before anything else (`node --import`): writes down how much memory it took. */
import { readFileSync, writeFileSync } from 'node:fs';

// Not `resourceUsage().maxRSS`: that begins with what the process had which started this one.
const most = () => /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';

process.on('exit', () => {
  writeFileSync(`${process.env.HOSTILE_WITNESS}.${process.pid}`, most());
});
