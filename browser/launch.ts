/** With what a browser is started, so that it meets the deployment that the other probes saw, and nothing weaker. */
import { networkInterfaces } from 'node:os';

export interface LaunchOptions {
  /** Path of a Chromium. */
  readonly executable: string;
  /** Names that must resolve to what our own `dns` probe saw; without an address the name does not exist. */
  readonly names: readonly { readonly host: string; readonly address?: string }[];
  /** Base64 SHA-256 of the keys of leaf certificates that our own `tls` probe verified. No others are excused. */
  readonly trustedKeys: readonly string[];
}

/**
 * The later of two `--disable-features` wins, so these are those of Playwright that keep Chromium off the network and
 * off the screen, and the parts of its own window that would cost 0.6 s of processor time for each context.
 */
const disabledFeatures = [
  'AimEnabled',
  'DialMediaRouteProvider',
  'GlobalMediaControls',
  'HttpsUpgrades',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PaintHolding',
  'Translate',
  'WebUIOmniboxAimPopup',
  'WebUIOmniboxFullPopup',
  'WebUIOmniboxPopup',
];

/** Chromium's own errands, which Playwright's switches do not all stop: updates, extensions, accounts. */
const errands = ['clients*.google.com', 'accounts.google.com', 'update.googleapis.com', '*.gvt1.com'];

/** Command line of Chromium, beside what Playwright gives to every one. */
export function launchArguments({ names, trustedKeys }: Omit<LaunchOptions, 'executable'>): string[] {
  const rules = [
    ...names.flatMap(({ host, address }) =>
      // WebRTC asks for the address of a TURN host with a dot at its end.
      [host, `${host}.`].map((name) => `MAP ${name} ${address ? bracketed(address) : '~NOTFOUND'}`),
    ),
    ...errands.map((host) => `MAP ${host} ~NOTFOUND`),
  ];
  return [
    `--disable-features=${disabledFeatures.join(',')}`,
    '--disable-gpu',
    '--disable-quic',
    '--autoplay-policy=no-user-gesture-required',
    // Our own sockets go straight to the deployment, and a proxy would resolve names by itself.
    '--no-proxy-server',
    `--host-resolver-rules=${rules.join(',')}`,
    ...(trustedKeys.length > 0 ? [`--ignore-certificate-errors-spki-list=${trustedKeys.join(',')}`] : []),
    // Chromium gathers no candidate on the loopback otherwise, so a machine without any other interface has none.
    ...(hasNetwork() ? [] : ['--allow-loopback-in-peer-connection']),
  ];
}

/** Chromium refuses to run with its sandbox as root. */
export function canSandbox(): boolean {
  return process.getuid?.() !== 0;
}

export function hasNetwork(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ internal }) => !internal));
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
