/** Two people see and hear each other, by each path alone. What they see and hear says whose it is, and of which run. */
import { allPaths } from '../../evidence/run.js';
import { test } from '../../fixtures/playwright.js';

for (const path of allPaths) {
  test.describe(() => {
    // Without browsers, where there is nothing to meet by.
    test.beforeEach(({ doctor }) => doctor.reach(path));
    test(`two people see and hear each other by ${path}`, { tag: `@${path}` }, async ({ doctor, meeting }) => {
      await doctor.meet(path, meeting);
    });
  });
}
