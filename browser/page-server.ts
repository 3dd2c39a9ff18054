/**
 * Serves the participant's page from a real local origin: Chromium refuses a connection from an unknown or public
 * address space to a loopback or private one, and a participant connects to both.
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

export interface PageServer {
  /** `http://127.0.0.1:port/`. */
  readonly url: string;
  close(): Promise<void>;
}

const modules = [
  'participant',
  'bounds',
  'candidates',
  'exercise',
  'hold',
  'listener',
  'reception',
  'sent',
  'sources',
  'stamp',
  'statistics',
  'tones',
  'viewer',
];
const library = '/livekit-client.js';
const moduleUrl = (name: string): string => `/page/${name}.js`;

const html = `<!doctype html><meta charset="utf-8"><title>livekit-doctor</title><link rel="icon" href="data:,">
${modules.map((name) => `<link rel="modulepreload" href="${moduleUrl(name)}">`).join('\n')}
<script src="${library}"></script>
<script type="module" src="${moduleUrl('participant')}"></script>
`;

/** Listens on a free port of 127.0.0.1. There is nothing secret in what it serves. */
export async function servePage(): Promise<PageServer> {
  const files = new Map<string, () => Promise<string | Buffer>>([
    ['/', async () => html],
    [library, () => readFile(createRequire(import.meta.url).resolve('livekit-client'))],
    ...modules.map((name) => [moduleUrl(name), () => moduleText(name)] as const),
  ]);
  const server = createServer(async (request, response) => {
    try {
      const body = await files.get(request.url ?? '')?.();
      response.statusCode = body === undefined ? 404 : 200;
      response.setHeader('content-type', request.url === '/' ? 'text/html' : 'text/javascript');
      response.end(body);
    } catch {
      response.statusCode = 500;
      response.end();
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** As compiled beside this file; where this runs from its TypeScript source, it is compiled here. */
async function moduleText(name: string): Promise<string> {
  if (import.meta.url.endsWith('.js')) return readFile(new URL(`page/${name}.js`, import.meta.url), 'utf8');
  const { default: typescript } = await import('typescript');
  const source = await readFile(new URL(`page/${name}.ts`, import.meta.url), 'utf8');
  const compilerOptions = { module: typescript.ModuleKind.ESNext, target: typescript.ScriptTarget.ES2023 };
  return typescript.transpileModule(source, { compilerOptions }).outputText;
}
