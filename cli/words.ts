/** Words of the command line that must be among those that there are. */
import { ConfigurationError } from '../environment/environment.js';
import { didYouMean } from '../environment/nearest.js';

/** Throws a `ConfigurationError` where one of the words is none of those that there are. `what`: `path`, `probe`. */
export function readWords<T extends string>(what: string, words: readonly string[], known: readonly T[]): T[] {
  const unknown = words.find((word) => !(known as readonly string[]).includes(word));
  if (unknown === undefined) return [...words] as T[];
  throw new ConfigurationError(
    `there is no ${what} "${unknown}"${didYouMean(unknown, known) || ';'} there are: ${known.join(', ')}`,
  );
}
