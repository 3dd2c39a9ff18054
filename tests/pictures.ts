/** `npm run pictures`: photographs the HTML report of recorded runs for the documentation, `docs/images/report-….png`. */
import { mkdirSync, readFileSync } from 'node:fs';
import { chromium } from 'playwright';
import { findBrowser, missingBrowser } from '../browser/executable.js';
import { canSandbox, launchArguments } from '../browser/launch.js';
import type { Run } from '../evidence/run.js';
import { pageOf } from '../reporters/html/page.js';
import { courses, four, healthy, inconclusive, threeFindings } from './reporters/html-runs.js';

interface Picture {
  readonly run: Run;
  readonly width: number;
  readonly height: number;
  readonly colorScheme: 'light' | 'dark';
  /** Absent: what is on the screen. */
  readonly part?: string;
}

const pictures: Readonly<Record<string, Picture>> = {
  healthy: { run: healthy, width: 1200, height: 1180, colorScheme: 'light' },
  'three-findings': { run: threeFindings, width: 1200, height: 1100, colorScheme: 'light' },
  inconclusive: { run: inconclusive, width: 400, height: 1180, colorScheme: 'dark' },
  'four-environments': { run: four, width: 1200, height: 1060, colorScheme: 'dark' },
  'over-time': { run: courses, width: 1200, height: 900, colorScheme: 'light', part: 'section:has(> .course)' },
};

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const folder = new URL('../docs/images/', import.meta.url).pathname;
const found = findBrowser();
if (!found) throw new Error(missingBrowser());
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: found.executable,
  chromiumSandbox: canSandbox(),
  args: launchArguments({ names: [], trustedKeys: [] }),
});
for (const [name, { run, width, height, colorScheme, part }] of Object.entries(pictures)) {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  // The lab calls itself so.
  await page.setContent(pageOf([{ ...run, tool: { ...run.tool, version } }]));
  const path = `${folder}report-${name}.png`;
  if (part === undefined) await page.screenshot({ path });
  else await page.locator(part).screenshot({ path });
  await page.close();
}
await browser.close();
