/** Two people see and hear each other, by each path that the deployment requires. */
import { expect } from 'playwright/test';
import { pathOfPair } from '../../browser/page/candidates.js';
import { height, width } from '../../browser/page/sources.js';
import { sides } from '../../browser/participants.js';
import { test } from '../../fixtures/playwright.js';

for (const path of ['udp', 'tcp', 'turn-udp', 'turn-tls'] as const) {
  test(`two participants see and hear each other by ${path}`, async ({
    environment,
    deployment,
    participants,
  }, info) => {
    const unsupported = environment.unsupportedPaths?.[path];
    info.skip(unsupported !== undefined, unsupported);

    const reports = await participants.exchange(await deployment.exchange(path));

    for (const side of sides) {
      const { phase, error, selected, received } = reports[side];
      expect({ phase, error }, side).toEqual({ phase: 'done', error: undefined });
      expect(new Set(selected.map(({ local }) => pathOfPair(local))), `selected by the ${side}`).toEqual(
        new Set([path]),
      );
      expect(received, `received by the ${side}`).toMatchObject({ frameWidth: width, frameHeight: height });
      expect(received.framesDecoded).toBeGreaterThan(0);
      expect(received.audioEnergy).toBeGreaterThan(0);
    }
  });
}
