/** A call whose signalling is cut resumes, with its picture and sound. */
import { test } from '../../fixtures/playwright.js';

test('a call survives the loss of its signalling', async ({ doctor, meeting }) => {
  await doctor.interrupt('reconnect', meeting);
});
