/** Everything that was seen, taken together: a fault that no other test is about fails here. */
import { test } from '../../fixtures/playwright.js';

test('nothing is at fault', async ({ doctor }) => {
  doctor.check();
});
