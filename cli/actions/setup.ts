import { installBrowser } from '../../browser/install.js';
import { findLivekitServer, installLivekitServer } from '../../fixtures/embedded/livekit-server.js';
import { padTo } from '../../reporters/text.js';
import { type Context, complain } from '../context.js';
import { exitCodes } from '../exit-code.js';

/** Finds or gets what the embedded environment and the media layer need; a Firefox only when asked. Returns the exit code. */
export async function setup(context: Context, { firefox }: { firefox?: boolean } = {}): Promise<number> {
  const progress = (line: string) => context.progress.write(`${context.redactor.text(line)}\n`);
  const interrupt = context.interruptible(() => progress('Stopping…'));
  const ways: [string, () => Promise<string>][] = [
    [
      'livekit-server',
      async () => {
        const found = await findLivekitServer();
        const { path, version, source } =
          'path' in found ? found : await installLivekitServer(progress, { signal: interrupt.signal });
        return `${version}  ${path} (${source})`;
      },
    ],
    [
      'browser',
      async () => {
        const { executable, origin } = await installBrowser('chromium', progress, interrupt.signal);
        return `${executable} (${origin})`;
      },
    ],
  ];
  if (firefox) {
    ways.push([
      'firefox',
      async () => {
        const { executable, origin } = await installBrowser('firefox', progress, interrupt.signal);
        return `${executable} (${origin})`;
      },
    ]);
  }
  let missing = false;
  for (const [name, get] of ways) {
    try {
      const found = await get();
      context.out.write(`✓ ${padTo(name, 16)}${found}\n`);
    } catch (error) {
      missing = true;
      if (interrupt.signal.aborted) return exitCodes.interrupted;
      context.out.write(`✗ ${name}\n`);
      complain(context, (error as Error).message);
    }
  }
  interrupt.dispose();
  return missing ? exitCodes.usage : exitCodes.pass;
}
