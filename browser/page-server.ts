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
  /** The same participant, and one who does one thing at a time, in a page that shows what each sees. */
  readonly shownUrl: string;
  close(): Promise<void>;
}

const modules = [
  'participant',
  'bounds',
  'candidates',
  'exercise',
  'guest',
  'hold',
  'internals',
  'leave',
  'listener',
  'meter',
  'reception',
  'room',
  'sent',
  'sources',
  'stamp',
  'statistics',
  'tones',
  'viewer',
];
const library = '/livekit-client.js';
const moduleUrl = (name: string): string => `/page/${name}.js`;

const onlyShown = ['guest', 'internals'];

const page = (entry: string, preloaded: readonly string[], body = ''): string =>
  `<!doctype html><meta charset="utf-8"><title>livekit-doctor</title><link rel="icon" href="data:,">
${preloaded.map((name) => `<link rel="modulepreload" href="${moduleUrl(name)}">`).join('\n')}
<script src="${library}"></script>
<script type="module" src="${moduleUrl(entry)}"></script>
${body}`;

const stage = `<style>
body { margin: 16px; background: #16191d; color: #e6e9ec; font: 14px/1.4 system-ui, sans-serif; }
h1 { font-size: 18px; margin: 0 0 12px; }
main { display: flex; gap: 16px; }
figure { margin: 0; width: 320px; }
figcaption { color: #9aa4ae; margin-bottom: 4px; }
canvas, video { display: block; width: 320px; height: 180px; background: #000; }
figure:not(:has(canvas, video))::after {
  content: "nothing"; display: grid; place-items: center; height: 180px; background: #24292f; color: #9aa4ae;
}
pre { margin: 12px 0 0; white-space: pre-wrap; width: 656px; font: 13px/1.45 ui-monospace, monospace; color: #ffb4a8; }
</style>
<h1 id="who"></h1>
<main>
<figure id="own"><figcaption>shows</figcaption></figure>
<figure id="others"><figcaption>sees of the other</figcaption></figure>
</main>
<pre id="note"></pre>
`;

const html = page(
  'participant',
  modules.filter((name) => !onlyShown.includes(name)),
);
const shownHtml = page('guest', modules, stage);

/** Listens on a free port of 127.0.0.1. There is nothing secret in what it serves. */
export async function servePage(): Promise<PageServer> {
  const files = new Map<string, () => Promise<string | Buffer>>([
    ['/', async () => html],
    ['/shown', async () => shownHtml],
    [library, () => readFile(createRequire(import.meta.url).resolve('livekit-client'))],
    ...modules.map((name) => [moduleUrl(name), () => moduleText(name)] as const),
  ]);
  const server = createServer(async (request, response) => {
    try {
      const body = await files.get(request.url ?? '')?.();
      response.statusCode = body === undefined ? 404 : 200;
      response.setHeader('content-type', request.url?.endsWith('.js') ? 'text/javascript' : 'text/html');
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
    shownUrl: `http://127.0.0.1:${port}/shown`,
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
