/** The names of the signalling host and of TURN resolve, and to what is claimed. */
import { test } from '../../fixtures/playwright.js';

for (const role of ['signal', 'turn'] as const) {
  test(`the ${role === 'signal' ? 'signalling' : 'TURN'} host's name resolves`, async ({ doctor }) => {
    doctor.check({ probes: ['dns'], codes: /^dns-|^turn-name-/, role });
  });
}
