/**
 * Loaded before the command line (`NODE_OPTIONS=--import=…`): as soon as `MEANWHILE_SEEN` is on standard error, the clock
 * is set by `MEANWHILE_CLOCK_MS`, for what is started later as well, or all open files are taken (`MEANWHILE_FILES`).
 * The clock of a process of ours cannot be set in another way: a time namespace (time_namespaces(7)) has the machine's.
 */
import { openSync } from 'node:fs';

const { MEANWHILE_SEEN: seen, MEANWHILE_FILES: files, MEANWHILE_CLOCK_MS: clock } = process.env;
const inherited = 'MEANWHILE_CLOCK_IS';
let offMs = Number(process.env[inherited] ?? 0);
const Real = Date;
globalThis.Date = class extends Real {
  constructor(...parts) {
    if (parts.length > 0) super(...parts);
    else super(Real.now() + offMs);
  }
  static now() {
    return Real.now() + offMs;
  }
};

let done = false;
const { stderr } = process;
const write = stderr.write.bind(stderr);
stderr.write = (text, ...more) => {
  if (!done && String(text).includes(seen)) {
    done = true;
    if (files) takeFiles();
    if (clock) {
      offMs = Number(clock);
      process.env[inherited] = clock;
    }
  }
  return write(text, ...more);
};

function takeFiles() {
  try {
    for (;;) openSync('/dev/null');
  } catch {
    // That was the last one.
  }
}
