import { ids, kindOf } from '../look.js';
import { type Args, rule } from '../rule.js';

/** None was found, or it does not start. */
const withoutBrowser = new Set(['browser-missing', 'browser-launch']);

/** The media layer was asked for, and this machine has no browser to prove it with. */
export const browserMissing = rule<Args & { said: string }>({
  code: 'browser-missing',
  severity: 'error',
  explainedBy: [],
  blames: 'vantage',
  find({ observations }) {
    const without = observations.filter((one) => one.state === 'unsupported' && withoutBrowser.has(kindOf(one) ?? ''));
    const [first] = without;
    return first ? [{ args: { said: first.failure?.message ?? '' }, evidence: ids(...without) }] : [];
  },
  prose: ({ said }) => ({
    summary:
      'There is no browser on this machine that can be used, so whether people can see and hear each other is not proven.',
    cause: `The layer \`media\` needs a Chromium that can be started${said ? `: ${said.replace(/\.$/, '')}` : ''}.`,
    fix: 'Get one by `npx playwright install --with-deps chromium` or from the system (Debian: `apt-get install chromium`), or name one in LIVEKIT_DOCTOR_BROWSER, or ask for less with `--depth peer`.',
  }),
});
