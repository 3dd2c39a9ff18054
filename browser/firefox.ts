/** A Firefox with one page in it, started so that it meets the deployment that the other probes saw, and nothing weaker. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext } from 'playwright';
import type { Variables } from './executable.js';
import type { FoundFirefox } from './firefox-executable.js';
import { firefoxPreferences } from './firefox-preferences.js';
import { type Resolver, startResolver } from './firefox-resolver.js';
import { hasNetwork, type LaunchOptions } from './launch.js';

export interface TrustedCertificate {
  readonly host: string;
  readonly port: number;
  /** SHA-256 of the leaf that our own `tls` probe verified there, hex. */
  readonly fingerprint256: string;
}

export interface FirefoxOptions extends Pick<FoundFirefox, 'executable' | 'protocol'>, Pick<LaunchOptions, 'names'> {
  /** No others are excused, and each of these only at its own host and port. */
  readonly trustedCertificates: readonly TrustedCertificate[];
}

export interface Firefox {
  readonly context: BrowserContext;
  readonly version: string;
  /** Ends it, and leaves its files. */
  close(): Promise<void>;
}

/**
 * Starts it with a new profile below `directory`, which is also its home and its folder for temporary files: whoever
 * removes that removes everything. Rejects with what Firefox or Playwright said.
 */
export async function launchFirefox(
  { firefox }: Pick<typeof import('playwright'), 'firefox'>,
  { executable, protocol, names, trustedCertificates }: FirefoxOptions,
  { directory, variables }: { readonly directory: string; readonly variables: Variables },
): Promise<Firefox> {
  const resolver = names.length > 0 ? await startResolver(names) : undefined;
  try {
    const profile = mkdtempSync(join(directory, 'firefox-'));
    const trusted = [...trustedCertificates, ...(resolver ? [ownCertificate(resolver)] : [])];
    writeFileSync(join(profile, 'cert_override.txt'), trusted.map(override).join(''));
    const context = await firefox.launchPersistentContext(profile, {
      ...(protocol === 'bidi' && { channel: 'moz-firefox' }),
      executablePath: executable,
      firefoxUserPrefs: {
        ...firefoxPreferences({
          resolver: resolver?.url,
          trusts: trustedCertificates.length > 0,
          // A deployment on this machine is not reached from the address of a network interface.
          loopback: !hasNetwork() || names.some(({ address = '' }) => /^127\.|^::1$/.test(address)),
        }),
      },
      env: environmentOf(directory, variables),
      viewport: null,
      // The run says when: a terminal sends its signals to us too.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    return {
      context,
      version: context.browser()?.version() ?? '',
      async close() {
        await context.close();
        await resolver?.close();
      },
    };
  } catch (error) {
    await resolver?.close();
    throw error;
  }
}

function ownCertificate({ port, fingerprint256 }: Resolver): TrustedCertificate {
  return { host: '127.0.0.1', port, fingerprint256 };
}

const sha256Oid = 'OID.2.16.840.1.101.3.4.2.1';

/**
 * A line of Firefox's own file of exceptions (nsCertOverrideService.cpp): this certificate at this host and port. Older
 * ones want to know which errors are excused: an unknown issuer (U).
 */
function override({ host, port, fingerprint256 }: TrustedCertificate): string {
  const colons = fingerprint256.toUpperCase().match(/../g)?.join(':');
  return `${host}:${port}:\t${sha256Oid}\t${colons}\tU\t\n`;
}

/** Nothing of the user's own is read or written, and no window is larger than it must be. */
function environmentOf(directory: string, variables: Variables): Record<string, string> {
  const {
    HOME: _home,
    XDG_CONFIG_HOME: _config,
    XDG_CACHE_HOME: _cache,
    XDG_RUNTIME_DIR: _runtime,
    ...rest
  } = variables;
  const kept = Object.entries(rest).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    ...Object.fromEntries(kept),
    HOME: directory,
    MOZ_HEADLESS_WIDTH: '320',
    MOZ_HEADLESS_HEIGHT: '240',
    // A release heeds the preference for the server of its settings only then.
    MOZ_REMOTE_SETTINGS_DEVTOOLS: '1',
  };
}
