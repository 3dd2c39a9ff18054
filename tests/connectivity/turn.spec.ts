/** Each TURN server relays to the server's media port (RFC 8656). */
import { test } from '../../fixtures/playwright.js';

for (const path of ['turn-udp', 'turn-tcp', 'turn-tls'] as const) {
  test(`media is relayed by ${path}`, { tag: `@${path}` }, ({ doctor }) => doctor.reach(path));
}
