import { ids, kindOf } from '../look.js';
import { type Args, rule } from '../rule.js';

/** The media layer was asked for, and this machine has no browser to prove it with. */
export const browserMissing = rule<Args & { said: string }>({
  code: 'browser-missing',
  severity: 'error',
  explainedBy: [],
  blames: 'vantage',
  find({ observations }) {
    const without = observations.filter((one) => one.state === 'unsupported' && kindOf(one) === 'browser-missing');
    const [first] = without;
    return first ? [{ args: { said: first.failure?.message ?? '' }, evidence: ids(...without) }] : [];
  },
  prose: ({ said }) => ({
    summary: 'There is no browser on this machine, so whether people can see and hear each other is not proven.',
    cause: `The layer \`media\` needs a Chromium that can be started${said ? `: ${said.replace(/\.$/, '')}` : ''}.`,
    fix: 'Install one with `npx playwright install chromium-headless-shell` or from the system (Debian: `apt install chromium`), or ask for less with `--depth peer`.',
  }),
});
