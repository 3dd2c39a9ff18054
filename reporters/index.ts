/** Every reporter by its name. Each is loaded only when it is asked for: some formats are heavy. */
import type { ReporterFactory } from './reporter.js';

export interface Registered {
  load(): Promise<ReporterFactory>;
  /**
   * Without a file it writes to standard error, and leaves standard output to another. Absent: it is standard output's.
   */
  readonly beside?: true;
  /** It is sent somewhere: it can have no file, and leaves standard output to another. Absent: it is written. */
  readonly sent?: true;
  /** A file grows while the run goes on. Absent: it is written whole, at the end. */
  readonly streams?: true;
}

export const reporters: Readonly<Record<string, Registered>> = {
  console: { load: async () => (await import('./console.js')).console },
  html: { load: async () => (await import('./html.js')).html },
  json: { load: async () => (await import('./json.js')).json },
  ndjson: { load: async () => (await import('./ndjson.js')).ndjson, streams: true },
  tap: { load: async () => (await import('./tap.js')).tap },
  junit: { load: async () => (await import('./junit.js')).junit },
  github: { load: async () => (await import('./github.js')).github, beside: true },
  gitlab: { load: async () => (await import('./gitlab.js')).gitlab },
  markdown: { load: async () => (await import('./markdown.js')).markdown },
  mermaid: { load: async () => (await import('./mermaid.js')).mermaid },
  nagios: { load: async () => (await import('./nagios.js')).nagios },
  otlp: { load: async () => (await import('./otlp.js')).otlp, sent: true },
  prometheus: { load: async () => (await import('./prometheus.js')).prometheus },
  svg: { load: async () => (await import('./svg.js')).svg },
  upload: { load: async () => (await import('./upload.js')).upload, sent: true },
};

/** For people. */
export const reporterNames = Object.keys(reporters).join(', ');
