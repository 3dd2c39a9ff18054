/** Which Firefox there is, and how to get one. */
import { join } from 'node:path';
import { type FoundBrowser, find, type Variables, type Whereabouts, wronglyNamed } from './executable.js';

export interface FoundFirefox extends FoundBrowser {
  /** What Playwright speaks with it: Juggler with the build that it made itself, WebDriver BiDi with Mozilla's own. */
  readonly protocol: 'juggler' | 'bidi';
}

const firefox: Whereabouts = {
  variable: 'LIVEKIT_DOCTOR_FIREFOX',
  playwrightBuilds: [{ name: 'firefox', files: ['firefox', 'Nightly.app/Contents/MacOS/firefox'] }],
  names: ['firefox-esr', 'firefox'],
  usualPlaces({ HOME, ...variables }) {
    if (process.platform === 'darwin') {
      const applications = ['/Applications', ...(HOME ? [join(HOME, 'Applications')] : [])];
      return applications.map((directory) => join(directory, 'Firefox.app', 'Contents', 'MacOS', 'firefox'));
    }
    if (process.platform === 'win32') {
      return [variables.ProgramFiles, variables['ProgramFiles(x86)'], variables.LOCALAPPDATA]
        .filter((directory) => directory !== undefined)
        .map((directory) => join(directory, 'Mozilla Firefox', 'firefox.exe'));
    }
    return ['/usr/lib/firefox-esr/firefox-esr', '/usr/lib/firefox/firefox', '/opt/firefox/firefox'];
  },
};

/** The directory of a build that Playwright made, wherever it keeps it: `firefox-1555`. */
const playwrightsOwn = /[\\/]firefox-\d+[\\/]/;

/**
 * LIVEKIT_DOCTOR_FIREFOX (which alone counts when it is set), else what Playwright downloaded, else the system's own.
 * Undefined when there is none.
 */
export function findFirefox(variables: Variables = process.env): FoundFirefox | undefined {
  const found = find(firefox, variables);
  return found && { ...found, protocol: playwrightsOwn.test(found.executable) ? 'juggler' : 'bidi' };
}

/** Why there is none, and how to get one. */
export function missingFirefox(variables: Variables = process.env): string {
  const how =
    process.platform === 'linux'
      ? "`apt-get install firefox-esr` (or your distribution's package)"
      : 'an installed Firefox';
  return (
    wronglyNamed(firefox, variables) ||
    `No Firefox was found. Get one by \`npx playwright install firefox\` or by ${how}, or name one in LIVEKIT_DOCTOR_FIREFOX.`
  );
}
