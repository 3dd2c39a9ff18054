/** Reads run documents that were saved before, by this version or by an older one. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { runSchema } from './document.js';
import { RunDocumentError } from './document-error.js';
import { type Run, schemaVersion } from './run.js';

const mostProblems = 3;

/** Reads a file. Throws `RunDocumentError` that names the file as `shown`, and the place in it where that helps. */
export async function loadRun(file: string, shown = file): Promise<Run> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : code;
    throw new RunDocumentError(`${shown} cannot be read: ${why}.`);
  }
  return parseRun(text, shown);
}

/** `source` is only for the error messages. Throws `RunDocumentError`. */
export function parseRun(text: string, source: string): Run {
  let value: unknown;
  try {
    // A byte order mark is what some editors put in front.
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new RunDocumentError(`${source}${syntaxError(text, (error as Error).message)}.`);
  }
  const version = (value as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version !== 'number') {
    throw new RunDocumentError(`${source} is JSON, but not a run of livekit-doctor: it has no schemaVersion.`);
  }
  if (version > schemaVersion) {
    throw new RunDocumentError(
      `${source} was written by a newer livekit-doctor (schemaVersion ${version}, this one reads up to ${schemaVersion}): upgrade to read it.`,
    );
  }
  const parsed = runSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const problems = issues
    .slice(0, mostProblems)
    .map(({ path, message }) => `${z.core.toDotPath(path) || 'document'}: ${message}`);
  const more = issues.length > mostProblems ? ` (and ${issues.length - mostProblems} more)` : '';
  throw new RunDocumentError(`${source} is not a valid run: ${problems.join('; ')}${more}.`);
}

/** With `:line:column` where V8 tells the place, which it does not for every mistake. */
function syntaxError(text: string, message: string): string {
  if (text.trim() === '') return ' is empty';
  const early = /Unexpected end|Unterminated/.test(message);
  const offset = early ? text.trimEnd().length : /at position (\d+)/.exec(message)?.[1];
  if (offset === undefined) return ` is not JSON: ${/^Unexpected token '.'/u.exec(message)?.[0] ?? 'a syntax error'}`;
  const lines = text.slice(0, Number(offset)).split('\n');
  return `:${lines.length}:${(lines.at(-1)?.length ?? 0) + 1} is not JSON${early ? ', it ends too early' : ''}`;
}
