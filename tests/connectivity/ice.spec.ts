/** The media ports answer authenticated checks (RFC 8445) at the addresses that the server offers. */
import { test } from '../../fixtures/playwright.js';

for (const path of ['udp', 'tcp'] as const) {
  test(`media is reached by ${path}`, { tag: `@${path}` }, ({ doctor }) => doctor.reach(path));
}
