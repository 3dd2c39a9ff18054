/** A participant can join: address, ingress, token, server. */
import { test } from '../../fixtures/playwright.js';

test('a participant can join', async ({ doctor }) => {
  doctor.check({
    probes: ['address', 'signal'],
    codes: /^(signal|ingress|server|token|room|publish)-/,
  });
});
