/** What this machine, and nobody else, does not give: errors of the system (errno(3)) that say nothing of a deployment. */

const lacks: Readonly<Record<string, string>> = {
  EMFILE: 'no open file left for this process (`ulimit -n`)',
  ENFILE: 'no open file left for anybody (`sysctl fs.file-max`)',
  ENOMEM: 'no memory left',
  ENOBUFS: 'no memory left for sockets',
  EAGAIN: 'no process or memory left for this user (`ulimit -u`)',
  ENOSPC: 'no space left on a disk',
  EDQUOT: 'no space left for this user on a disk',
  EROFS: 'a file system that is read-only',
};

/** A check should have some, which it throws itself. */
export class MachineError extends Error {
  override readonly name = 'MachineError';
}

/** What is missing here, with what was tried; undefined: it is an error of another kind. Takes what was thrown. */
export function machinesWords(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof MachineError) return error.message;
  const { code = '', message } = error as NodeJS.ErrnoException;
  // Node also looks in vain where it may open no more files.
  if (code.endsWith('MODULE_NOT_FOUND')) return `a part of livekit-doctor cannot be loaded: ${message.split('\n')[0]}`;
  // Only of a call of the system: a library may use the same words for something else.
  return 'syscall' in error && Object.hasOwn(lacks, code) ? `this machine has ${lacks[code]}: ${message}` : undefined;
}

/** The same of the code alone, as in `connect EMFILE 192.0.2.1:443`. */
export function machineLacks(code: string): string | undefined {
  return Object.hasOwn(lacks, code) ? `this machine has ${lacks[code]} (${code})` : undefined;
}
