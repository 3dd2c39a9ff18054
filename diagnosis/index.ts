/** What the other stages need of the diagnosis. */
import { rules } from './rules/index.js';

export { diagnose } from './diagnose.js';

/** Every code that a finding can bear, causes first. */
export const allCodes: readonly string[] = rules.map(({ code }) => code);
