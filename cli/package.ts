/** Where this package lies, built or not, and what it says of itself. */
import { existsSync, readFileSync } from 'node:fs';

const here = new URL('../', import.meta.url);
/** The folder of `package.json`: the sources stand in it, what is built stands one folder deeper. */
export const packageRoot = existsSync(new URL('package.json', here)) ? here : new URL('../', here);

export function version(): string {
  return JSON.parse(readFileSync(new URL('package.json', packageRoot), 'utf8')).version;
}
