import { ids, kindOf } from '../look.js';
import { type Args, rule } from '../rule.js';

/** None was found, or it does not start. */
const withoutBrowser = new Set(['browser-missing', 'browser-launch']);

/** `browser`: only where it is not the Chromium, without which nothing is proven at all. */
interface Missing extends Args {
  said: string;
  browser?: 'Firefox';
}

/** The media layer was asked for, and this machine has no browser to prove it with, or not all that are claimed. */
export const browserMissing = rule<Missing>({
  code: 'browser-missing',
  severity: 'error',
  explainedBy: [],
  blames: 'vantage',
  find({ observations }) {
    const without = observations.filter((one) => one.state === 'unsupported' && withoutBrowser.has(kindOf(one) ?? ''));
    const isFirefox = without.every(({ id }) => id.endsWith(':firefox'));
    const [first] = without;
    const args: Missing = { said: first?.failure?.message ?? '', ...(isFirefox && { browser: 'Firefox' }) };
    return first ? [{ args, evidence: ids(...without) }] : [];
  },
  prose: ({ said, browser = 'Chromium' }) => {
    const because = said ? `: ${said.replace(/\.$/, '')}` : '';
    if (browser === 'Firefox') {
      return {
        summary:
          'There is no Firefox on this machine that can be used, so whether its users can see and hear others is not proven.',
        cause: `The environment lists firefox among its \`browsers\`, and that needs one that can be started${because}.`,
        fix: 'Get one by `livekit-doctor setup --firefox`, by `npx playwright install --with-deps firefox` or from the system (Debian: `apt-get install firefox-esr`), or name one in LIVEKIT_DOCTOR_FIREFOX, or take firefox out of `browsers`.',
      };
    }
    return {
      summary:
        'There is no browser on this machine that can be used, so whether people can see and hear each other is not proven.',
      cause: `The layer \`media\` needs a Chromium that can be started${because}.`,
      fix: 'Get one by `npx playwright install --with-deps chromium` or from the system (Debian: `apt-get install chromium`), or name one in LIVEKIT_DOCTOR_BROWSER, or ask for less with `--depth peer`.',
    };
  },
});
