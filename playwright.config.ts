/** The probes as Playwright tests, for every environment of `livekit-doctor.yaml` (docs/playwright.md). */
import { defineConfig } from 'playwright/test';
import { type Options, projects } from './fixtures/playwright.js';

/** What it makes a difference to that the caller is in another browser. */
const betweenBrowsers = /media\.spec\.ts$/;

export default defineConfig<object, Options>({
  testDir: 'tests/connectivity',
  // It is emptied first, and others keep their results beside it.
  outputDir: 'test-results/connectivity',
  timeout: 60_000,
  // A machine of two cores is kept busy by one call already.
  workers: 1,
  forbidOnly: true,
  reporter: [
    ['list'],
    ['html', { open: 'never' }],
    ['json', { outputFile: 'test-results/playwright.json' }],
    ['./reporters/playwright.ts', { outputFile: 'test-results/run.json' }],
  ],
  projects: (await projects()).map((project) =>
    project.use.callerBrowser === 'chromium' ? project : { ...project, testMatch: betweenBrowsers },
  ),
});
