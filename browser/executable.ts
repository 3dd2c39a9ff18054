/** Which browsers there are, and how to get one. Finding looks at the file system only: Playwright takes 0.3 s to load. */
import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

export type Variables = Readonly<Record<string, string | undefined>>;

export interface FoundBrowser {
  readonly executable: string;
  /** `variable`: LIVEKIT_DOCTOR_BROWSER or LIVEKIT_DOCTOR_FIREFOX. `playwright`: downloaded by it. */
  readonly origin: 'variable' | 'playwright' | 'system';
}

/** Where a kind of browser may be. */
export interface Whereabouts {
  /** The variable that names one, and alone counts when it is set. */
  readonly variable: string;
  /** Playwright's directories, and the files in a directory of theirs, which is named after the platform. */
  readonly playwrightBuilds: readonly { readonly name: string; readonly files: readonly string[] }[];
  /** Programs in PATH, best first. */
  readonly names: readonly string[];
  /** Files elsewhere. */
  usualPlaces(variables: Variables): string[];
}

/** Headless shells come first: without a window of their own they need a third of the processor time to be ready. */
const systemNames = [
  'chromium-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'chrome',
];

const playwrightBuilds = [
  { name: 'chromium-headless-shell', files: ['chrome-headless-shell', 'headless_shell'] },
  {
    name: 'chromium',
    files: [
      'chrome',
      'Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing',
      'Chromium.app/Contents/MacOS/Chromium',
    ],
  },
];

const chromium: Whereabouts = { variable: 'LIVEKIT_DOCTOR_BROWSER', playwrightBuilds, names: systemNames, usualPlaces };

/**
 * The Chromium: LIVEKIT_DOCTOR_BROWSER (which alone counts when it is set), else what Playwright downloaded, else the
 * system's own. Undefined when there is none.
 */
export function findBrowser(variables: Variables = process.env): FoundBrowser | undefined {
  return find(chromium, variables);
}

export function find(kind: Whereabouts, variables: Variables): FoundBrowser | undefined {
  const named = variables[kind.variable];
  if (named) return isProgram(named) ? { executable: named, origin: 'variable' } : undefined;
  const downloaded = playwrightBrowsers(kind, variables).find(isProgram);
  if (downloaded) return { executable: downloaded, origin: 'playwright' };
  const installed = systemBrowsers(kind, variables).find(isProgram);
  return installed ? { executable: installed, origin: 'system' } : undefined;
}

/** Why there is no Chromium, and how to get one. */
export function missingBrowser(variables: Variables = process.env): string {
  const wrong = wronglyNamed(chromium, variables);
  if (wrong) return wrong;
  const how =
    process.platform === 'linux'
      ? "`apt-get install chromium` (or your distribution's package)"
      : 'an installed Chrome or Chromium';
  return `No Chromium was found. Get one by \`npx playwright install chromium\` or by ${how}, or name one in LIVEKIT_DOCTOR_BROWSER.`;
}

export function wronglyNamed({ variable }: Whereabouts, variables: Variables): string | undefined {
  const named = variables[variable];
  return named && `${variable} names ${named}, which is no program. Correct it, or unset it.`;
}

function playwrightBrowsers({ playwrightBuilds }: Whereabouts, variables: Variables): string[] {
  const packages = dirname(
    createRequire(createRequire(import.meta.url).resolve('playwright')).resolve('playwright-core/package.json'),
  );
  const directory = playwrightDirectory(variables, packages);
  if (!directory || entries(directory).length === 0) return [];
  const { browsers } = JSON.parse(readFileSync(join(packages, 'browsers.json'), 'utf8')) as {
    browsers: { name: string; revision: string; revisionOverrides?: Record<string, string> }[];
  };
  return playwrightBuilds.flatMap(({ name, files }) => {
    const { revision, revisionOverrides = {} } = browsers.find((one) => one.name === name) ?? {};
    const builds = [revision, ...Object.values(revisionOverrides)].map((one) =>
      join(directory, `${name.replaceAll('-', '_')}-${one}`),
    );
    return builds.flatMap((build) =>
      // WebKit's are in no directory that is named after the platform.
      ['.', ...entries(build)].flatMap((platform) => files.map((file) => join(build, platform, withSuffix(file)))),
    );
  });
}

/** playwright.dev/docs/browsers#managing-browser-binaries */
function playwrightDirectory(variables: Variables, packages: string): string | undefined {
  const { PLAYWRIGHT_BROWSERS_PATH: named, XDG_CACHE_HOME, LOCALAPPDATA } = variables;
  if (named) return named === '0' ? join(packages, '.local-browsers') : named;
  const home = homedir();
  if (process.platform === 'darwin') return join(home, 'Library', 'Caches', 'ms-playwright');
  if (process.platform === 'win32') return LOCALAPPDATA && join(LOCALAPPDATA, 'ms-playwright');
  return join(XDG_CACHE_HOME ?? join(home, '.cache'), 'ms-playwright');
}

function systemBrowsers({ names, usualPlaces }: Whereabouts, variables: Variables): string[] {
  const path = (variables.PATH ?? variables.Path ?? '').split(delimiter).filter(Boolean);
  return [
    ...names.flatMap((name) => path.map((directory) => join(directory, withSuffix(name)))),
    ...usualPlaces(variables),
  ];
}

function usualPlaces({ HOME, ...variables }: Variables): string[] {
  if (process.platform === 'darwin') {
    const applications = ['/Applications', ...(HOME ? [join(HOME, 'Applications')] : [])];
    return applications.flatMap((directory) =>
      ['Google Chrome', 'Chromium'].map((name) => join(directory, `${name}.app`, 'Contents', 'MacOS', name)),
    );
  }
  if (process.platform === 'win32') {
    return [variables.ProgramFiles, variables['ProgramFiles(x86)'], variables.LOCALAPPDATA]
      .filter((directory) => directory !== undefined)
      .flatMap((directory) =>
        ['Google\\Chrome', 'Chromium'].map((name) => join(directory, name, 'Application', 'chrome.exe')),
      );
  }
  return ['/opt/google/chrome/chrome', '/snap/bin/chromium'];
}

function withSuffix(file: string): string {
  return process.platform === 'win32' ? `${file}.exe` : file;
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
