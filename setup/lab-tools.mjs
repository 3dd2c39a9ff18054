/** What the lab is made of: nginx, coturn, DNS servers and the like, installed where they are missing and can be. */
import { built, say } from './process.mjs';

export async function getLabTools() {
  const { installPrograms } = await built('fixtures/lab/install.js');
  const missing = await installPrograms((line) => say(`livekit-doctor: ${line}\n`));
  if (missing.length > 0) say(`livekit-doctor: the lab lacks ${missing.join(', ')}\n`);
}
