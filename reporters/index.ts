/** Every reporter by its name. Each is loaded only when it is asked for: some formats are heavy. */
import type { ReporterFactory } from './reporter.js';

export const reporters: Readonly<Record<string, () => Promise<ReporterFactory>>> = {
  console: async () => (await import('./console.js')).console,
  json: async () => (await import('./json.js')).json,
};
