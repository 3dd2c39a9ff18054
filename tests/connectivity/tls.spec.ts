/** TLS is spoken, with certificates for the right names that clients trust. */
import { test } from '../../fixtures/playwright.js';

test('the signalling host proves who it is', async ({ doctor }) => {
  doctor.check({ probes: ['tls'], codes: /^tls-/, role: 'signal' });
});

test('the TURN host proves who it is', { tag: '@turn-tls' }, async ({ doctor }) => {
  doctor.check({ probes: ['tls'], codes: /^tls-/, role: 'turn' });
});
