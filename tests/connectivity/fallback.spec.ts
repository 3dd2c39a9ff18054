/** A call that the server moves away from UDP goes on by the next path. */
import { test } from '../../fixtures/playwright.js';

for (const [exercise, path] of [
  ['fallback-tcp', 'tcp'],
  ['fallback-tls', 'turn-tls'],
] as const) {
  test.describe(() => {
    // Where that path is broken or missing, there is nothing more to learn.
    test.beforeEach(({ doctor }) => doctor.reach(path));
    test(`a call goes on by ${path}`, { tag: `@${path}` }, async ({ doctor, meeting }) => {
      await doctor.interrupt(exercise, meeting);
    });
  });
}
