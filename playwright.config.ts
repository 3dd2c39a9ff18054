import { defineConfig } from 'playwright/test';

export default defineConfig({
  testDir: 'tests/connectivity',
  timeout: 60_000,
  // A machine of two cores is kept busy by one call already.
  workers: 1,
  forbidOnly: true,
  reporter: 'list',
  // No traces, no HAR: they would hold tokens and TURN credentials.
  use: { trace: 'off', video: 'off', screenshot: 'off' },
  projects: [{ name: 'local' }],
});
