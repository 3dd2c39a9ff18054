/** The HTML report in a Chromium: it asks nobody, nothing overflows, nobody is shut out, and no text of a run is executed. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AxeResults } from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright';
import t from 'tap';
import { findBrowser, missingBrowser } from '../../browser/executable.js';
import { canSandbox, launchArguments } from '../../browser/launch.js';
import type { Run } from '../../evidence/run.js';
import { pageOf } from '../../reporters/html/page.js';
import { renderSvg } from '../../reporters/svg.js';
import { courses, four, healthy, hostile, inconclusive, many, threeFindings, vantages } from './html-runs.js';

const found = findBrowser();
if (!found) throw new Error(missingBrowser());
const browser: Browser = await chromium.launch({
  executablePath: found.executable,
  chromiumSandbox: canSandbox(),
  args: launchArguments({ names: [], trustedKeys: [] }),
});
t.teardown(() => browser.close());
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Opened {
  readonly page: Page;
  readonly url: string;
  /** Whatever should not have happened. */
  readonly events: string[];
}

async function open(folder: string, runs: readonly Run[], options: BrowserContextOptions = {}): Promise<Opened> {
  const file = join(folder, 'report.html');
  writeFileSync(file, pageOf(runs));
  return visit(pathToFileURL(file).href, options);
}

async function visit(url: string, options: BrowserContextOptions): Promise<Opened> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const events: string[] = [];
  page.on('console', (message) => events.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => events.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    events.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:image/jpeg')) events.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  return { page, url, events };
}

/** From outside, as the page's own policy forbids a script that is put into it. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.slice(0, 3).map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
}

const reports = {
  healthy: [healthy],
  'three findings': [threeFindings],
  inconclusive: [inconclusive],
  'four environments': [four],
  'three vantages': vantages,
  'forty runs': [courses],
};

for (const [name, runs] of Object.entries(reports)) {
  t.test(name, async (t) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [360, 1600]) {
        const size = `${colorScheme}, ${width}`;
        const { page, events } = await open(t.testdir(), runs, { colorScheme, viewport: { width, height: 900 } });
        // What is folded must be fit, too.
        await page.evaluate(() => {
          for (const one of document.querySelectorAll('details.environment, details.look:nth-of-type(3)'))
            (one as HTMLDetailsElement).open = true;
        });
        await page.waitForFunction(() => (document.querySelector('pre')?.textContent ?? '') !== '');
        t.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, `${size}: nothing sticks out`);
        t.same(await violations(page), [], `${size}: for everybody`);
        t.same(events, [], `${size}: quiet`);
        await page.context().close();
      }
    }
  });
}

t.test('a run whose every text is an attack', async (t) => {
  const attack = `</script><script>alert(1)</script><img src=x onerror=alert(2)>"'><svg onload=alert(3)>\u001b]0;x\u0007\u202e`;
  const { page, events } = await open(t.testdir(), [hostile(four, attack)], { viewport: { width: 360, height: 900 } });
  await page.evaluate(() => {
    for (const one of document.querySelectorAll('details')) one.open = true;
  });
  await page.waitForFunction(() => (document.querySelector('pre')?.textContent ?? '') !== '');
  t.same(events, []);
  t.equal(await page.locator('script').count(), 2);
  t.equal(await page.locator('svg[onload], img[onerror]').count(), 0);
  t.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360, 'and none of them makes it wider');
  t.match(
    await page.locator('pre').first().textContent(),
    '</script><script>alert(1)</script>',
    'it is there, as text',
  );
});

t.test('by hand: raw evidence, a bug report, a search, a link to the evidence', async (t) => {
  const { page, url } = await open(t.testdir(), [many(8)], { viewport: { width: 1200, height: 900 } });
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.locator('.finding .seen a').first().click();
  const opened = page.locator('details.look[open] pre', { hasText: '"probe"' }).first();
  t.match(JSON.parse((await opened.textContent()) ?? ''), { id: /^media:/, probe: 'media' });

  await page.locator('[data-copy]:visible').first().click();
  await page.locator('#said', { hasText: 'Copied' }).waitFor();
  t.match(
    await page.evaluate(() => navigator.clipboard.readText()),
    /^```text\nlivekit-doctor \S+, 20[\s\S]*✗ error {2}\S+[\s\S]*```\n$/,
  );

  await page.getByRole('searchbox').fill('env-3');
  t.same(await page.locator('.overview li:visible strong').allTextContents(), ['env-3']);

  // Every way in by keyboard: the first stop is a link or a field, and Enter folds.
  await page.goto(url);
  const summary = page.locator('.environment > summary').last();
  await summary.focus();
  await page.keyboard.press('Enter');
  t.equal(await page.locator('.environment').last().getAttribute('open'), '');
});

t.test('the picture alone is a document of its own, light and dark', async (t) => {
  for (const [name, runs] of Object.entries({
    ...reports,
    hostile: [hostile(four, '</svg><script>alert(1)</script>&"')],
  })) {
    const file = join(t.testdir(), 'picture.svg');
    writeFileSync(file, renderSvg(runs));
    const colours: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, events } = await visit(pathToFileURL(file).href, { colorScheme });
      t.same(events, [], name);
      // What is no XML would be an HTML page about that.
      t.equal(await page.evaluate(() => document.documentElement.namespaceURI), 'http://www.w3.org/2000/svg', name);
      t.equal(await page.locator('parsererror, script').count(), 0, name);
      colours.push(await page.evaluate(() => getComputedStyle(document.querySelector('.called') as Element).fill));
      const sticksOut = await page.evaluate(() => {
        const whole = document.documentElement.getBoundingClientRect();
        const boxes = [...document.querySelectorAll('rect, text')].map((one) => one.getBoundingClientRect());
        return boxes.filter(({ right, bottom }) => right > whole.right || bottom > whole.bottom).length;
      });
      if (name !== 'hostile') t.equal(sticksOut, 0, `${name}: all is inside`);
      await page.context().close();
    }
    t.not(colours[0], colours[1], name);
  }
});

t.test('on paper it is laid out for paper', async (t) => {
  // A4 without its margins, narrower than some telephones hold sideways.
  const { page } = await open(t.testdir(), [healthy], { viewport: { width: 700, height: 1000 } });
  t.ok(await page.locator('.ways .tall').isVisible());
  await page.emulateMedia({ media: 'print' });
  t.ok(await page.locator('.ways .wide').isVisible());
  t.notOk(await page.locator('.ways .tall').isVisible());
  t.notOk(await page.locator('button').isVisible());
  t.equal(await page.evaluate(() => document.documentElement.scrollWidth), 700, 'nothing sticks out');
});

t.test('20 environments are there at once', async (t) => {
  const { page, events } = await open(t.testdir(), [many(20)], { viewport: { width: 1600, height: 900 } });
  const times = [];
  for (let i = 0; i < 3; i++) {
    await page.reload();
    times.push(
      await page.evaluate(
        () => (performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming).loadEventEnd,
      ),
    );
  }
  // No assertion on a time: what else this machine does is in it.
  t.comment(`opened in ${times.map(Math.round).join(', ')} ms`);
  t.same(events, []);
  t.equal(await page.locator('.environment').count(), 20);
});
