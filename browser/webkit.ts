/**
 * A WebKit with one page in it. Only Playwright's own build can be driven; it takes neither addresses for names nor
 * single certificates, so it meets a deployment only where the machine's own resolver and CAs know it.
 */
import type { BrowserContext } from 'playwright';
import { type FoundBrowser, find, type Variables, type Whereabouts, wronglyNamed } from './executable.js';

const webkit: Whereabouts = {
  variable: 'LIVEKIT_DOCTOR_WEBKIT',
  playwrightBuilds: [{ name: 'webkit', files: ['pw_run.sh', 'Playwright'] }],
  names: [],
  usualPlaces: () => [],
};

/** LIVEKIT_DOCTOR_WEBKIT (which alone counts when it is set), else what Playwright downloaded. */
export function findWebkit(variables: Variables = process.env): FoundBrowser | undefined {
  return find(webkit, variables);
}

/** Why there is none, and how to get one. */
export function missingWebkit(variables: Variables = process.env): string {
  return (
    wronglyNamed(webkit, variables) ||
    'No WebKit was found. Get one by `npx playwright install --with-deps webkit`: Safari and other builds cannot be driven.'
  );
}

/** Why it cannot meet a deployment with a CA or with resolvers of its own; undefined where it can. */
export function webkitsLimit({
  ca,
  names,
}: {
  ca?: string | undefined;
  names: readonly unknown[];
}): string | undefined {
  if (ca) return 'WebKit cannot be told to accept the certificates of a private CA (`tls.ca`), and nothing more.';
  return names.length > 0 ? 'WebKit cannot be told the addresses of names (`dns.resolvers`).' : undefined;
}

export interface Webkit {
  readonly context: BrowserContext;
  readonly version: string;
  close(): Promise<void>;
}

/** Rejects with what WebKit or Playwright said. */
export async function launchWebkit(
  { webkit }: Pick<typeof import('playwright'), 'webkit'>,
  { executable }: Pick<FoundBrowser, 'executable'>,
): Promise<Webkit> {
  const browser = await webkit.launch({
    executablePath: executable,
    // The run says when: a terminal sends its signals to us too.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  return { context: await browser.newContext(), version: browser.version(), close: () => browser.close() };
}
