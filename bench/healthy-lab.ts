/** A healthy deployment in a lab of its own, on a quick link, with a private CA that its environment names. */
import { requireLivekitServer } from '../fixtures/embedded/livekit-server.js';
import { openSandbox, type Sandbox } from '../fixtures/lab/sandbox.js';

export async function openHealthyLab(): Promise<Sandbox> {
  return openSandbox({
    topology: 'plain',
    vantage: 'open',
    faults: ['healthy/private-ca'],
    livekitServer: await requireLivekitServer(),
  });
}
