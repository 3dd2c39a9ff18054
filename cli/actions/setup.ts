import { installBrowser } from '../../browser/install.js';
import { type BrowserName, type OtherBrowser, otherBrowsers } from '../../browser/participants.js';
import { findLivekitServer, installLivekitServer } from '../../fixtures/embedded/livekit-server.js';
import { padTo } from '../../reporters/text.js';
import { type Context, complain } from '../context.js';
import { exitCodes } from '../exit-code.js';

/** Finds or gets what the embedded environment and the media layer need; other browsers only when asked. Returns the exit code. */
export async function setup(context: Context, others: Partial<Record<OtherBrowser, boolean>> = {}): Promise<number> {
  const progress = (line: string) => context.progress.write(`${context.redactor.text(line)}\n`);
  const interrupt = context.interruptible(() => progress('Stopping…'));
  const install = async (browser: BrowserName): Promise<string> => {
    const { executable, origin } = await installBrowser(browser, progress, interrupt.signal);
    return `${executable} (${origin})`;
  };
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
    ['browser', () => install('chromium')],
  ];
  for (const other of otherBrowsers.filter((name) => others[name])) ways.push([other, () => install(other)]);
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
