/** Loaded into a check before anything else (`node --import`): writes down how much memory it took. */
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  writeFileSync(`${process.env.HOSTILE_WITNESS}.${process.pid}`, String(process.resourceUsage().maxRSS));
});
