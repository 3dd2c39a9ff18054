import type { Observation } from '../../evidence/run.js';
import { ids, kindOf } from '../look.js';
import { type Args, rule } from '../rule.js';

/** None was found, or it does not start. */
const withoutBrowser = new Set(['browser-missing', 'browser-launch']);

/** A browser wants a folder for its profile. */
const nowhereToWrite = /\b(EROFS|ENOSPC|EDQUOT|EACCES)\b/;

/** Beside the Chromium, without which nothing is proven at all; and how to get one. */
const others = {
  firefox: {
    label: 'Firefox',
    get: 'Get one by `livekit-doctor setup --firefox`, by `npx playwright install --with-deps firefox` or from the system (Debian: `apt-get install firefox-esr`), or name one in LIVEKIT_DOCTOR_FIREFOX',
  },
  webkit: {
    label: 'WebKit',
    get: 'Get one by `livekit-doctor setup --webkit` or by `npx playwright install --with-deps webkit`, which makes the only one that can be driven',
  },
} as const;
type Other = keyof typeof others;

interface Missing extends Args {
  said: string;
  /** Absent: Chromium, and so everything. */
  browser?: Other;
}

/** The media layer was asked for, and this machine has no browser to prove it with, or not all that are claimed. */
export const browserMissing = rule<Missing>({
  code: 'browser-missing',
  severity: 'error',
  explainedBy: [],
  blames: 'vantage',
  find({ observations }) {
    const without = observations.filter((one) => one.state === 'unsupported' && withoutBrowser.has(kindOf(one) ?? ''));
    const names = [...new Set(without.map(otherOf))];
    if (names.includes(undefined)) return [finding(undefined, without)];
    return names.map((name) =>
      finding(
        name,
        without.filter((one) => otherOf(one) === name),
      ),
    );
  },
  prose: ({ said, browser }) => {
    const because = said ? `: ${said.replace(/\.$/, '')}` : '';
    if (browser) {
      const { label, get } = others[browser];
      return {
        summary: `There is no ${label} on this machine that can be used, so whether its users can see and hear others is not proven.`,
        cause: `The environment lists ${browser} among its \`browsers\`, and that needs one that can be started${because}.`,
        fix: `${get}, or take ${browser} out of \`browsers\`.`,
      };
    }
    return {
      summary:
        'There is no browser on this machine that can be used, so whether people can see and hear each other is not proven.',
      cause: `The layer \`media\` needs a Chromium that can be started${because}.`,
      fix: nowhereToWrite.test(said)
        ? 'Point TMPDIR at a folder that can be written to and has 100 MB left, and check again; or ask for less with `--depth peer`.'
        : 'Get one by `npx playwright install --with-deps chromium` or from the system (Debian: `apt-get install chromium`), or name one in LIVEKIT_DOCTOR_BROWSER, or ask for less with `--depth peer`.',
    };
  },
});

/** `browser:firefox`, `media:udp:firefox` */
function otherOf({ id }: Observation): Other | undefined {
  const name = id.split(':').at(-1) ?? '';
  return name in others ? (name as Other) : undefined;
}

function finding(browser: Other | undefined, found: readonly Observation[]) {
  const args: Missing = { said: found[0]?.failure?.message ?? '', ...(browser && { browser }) };
  return { args, evidence: ids(...found) };
}
