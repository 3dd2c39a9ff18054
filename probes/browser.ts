/**
 * `browser`: a headless Chromium with a page for each of two participants, which the probe `media` uses; and, where the
 * environment lists them, `browser:firefox` and `browser:webkit`, each with a page for one who calls Chromium.
 */
import { isIP } from 'node:net';
import { startBrowser } from '../browser/driver.js';
import { type FoundBrowser, findBrowser, missingBrowser } from '../browser/executable.js';
import type { TrustedCertificate } from '../browser/firefox.js';
import { findFirefox, missingFirefox } from '../browser/firefox-executable.js';
import type { Launched, LaunchStage, OtherLaunch } from '../browser/host-protocol.js';
import type { LaunchOptions } from '../browser/launch.js';
import { type OtherBrowser, otherBrowsers } from '../browser/participants.js';
import { findWebkit, missingWebkit, webkitsLimit } from '../browser/webkit.js';
import { hostOf } from '../environment/host.js';
import { mintsTokens } from '../environment/token.js';
import type { BrowserFacts, CertificateFacts, DnsFacts, TlsFacts } from '../evidence/facts.js';
import { printable } from '../evidence/text.js';
import { turnUri } from '../wire/turn-uri.js';
import { reachOf } from './media.js';
import type { Known, Outcome, Pending, Probe, Target, Tools } from './probe.js';
import type { IceServer } from './shared.js';
import { onlyOneToken } from './tokens.js';

export interface BrowserTarget extends Target, Pick<LaunchOptions, 'names' | 'trustedKeys'> {
  /** Absent: Chromium. */
  readonly other?: OtherBrowser;
  /** Only for Firefox, which knows no keys. */
  readonly trustedCertificates?: readonly TrustedCertificate[];
}

const id = 'browser';
/** A server that hands out many TURN hosts must not hold up the browser for each. */
const mostTurnHosts = 4;

/**
 * Not before somebody can join: it keeps a machine busy for seconds, for nothing where there is no deployment to meet,
 * and beside other environments that are checked at the same time. Chromium resolves names and judges certificates by
 * itself, and is told what to make of this environment's own only at its start; so these must have been looked at.
 */
function targets(known: Known): (BrowserTarget | Pending)[] {
  const { browsers } = known.environment.claims;
  const others = otherBrowsers.filter((name) => browsers?.includes(name));
  return [chromiumTarget(known), ...others.map((name, i) => otherTarget(known, name, others.slice(0, i)))];
}

/** With what the Chromium is started; needs only what the wire layer has seen. */
export function chromiumTarget(
  known: Pick<Known, 'environment' | 'observations' | 'shared'> & { asked: Pick<Known['asked'], 'paths'> },
): BrowserTarget | Pending {
  const { resolvers, ca } = known.environment;
  const { iceServers } = known.shared;
  if (!iceServers) return { id, waitingFor: 'signal' };
  const endpoints = endpointsOf(known, iceServers);
  const names = resolvers ? endpoints.map(({ host }) => host).filter((host) => !isIP(host)) : [];
  const secure = ca ? endpoints.filter(({ secure }) => secure).map(({ host, port }) => `tls:${host}:${port}`) : [];
  const missing = [...names.map((name) => `dns:${name}`), ...secure].find((one) => !known.observations.has(one));
  if (missing) return { id, waitingFor: missing };
  return {
    id,
    names: names.map((host) => ({ host, ...addressOf(known, host) })),
    trustedKeys: secure.flatMap((one) => verified(known, one).map(({ spkiSha256 }) => spkiSha256)),
  };
}

/**
 * It meets the same deployment as the Chromium, once that and the ones before it are there and have nothing more to do:
 * to start takes a Firefox three seconds of processor time, which would be taken from the calls that go on.
 */
function otherTarget(known: Known, other: OtherBrowser, before: readonly OtherBrowser[]): BrowserTarget | Pending {
  const chromium = chromiumTarget(known);
  const otherId = `browser:${other}`;
  if ('waitingFor' in chromium || !known.shared.browser) return { id: otherId, waitingFor: id };
  const reached = known.asked.paths.filter((path) => reachOf(known, path).state === 'ok');
  const earlier = before.filter((name) => known.shared[name]).map((name) => `:${name}`);
  const calls = ['', ...earlier].flatMap((suffix) => reached.map((path) => `media:${path}${suffix}`));
  const busy = calls.find((call) => !known.observations.has(call));
  if (busy) return { id: otherId, waitingFor: busy };
  const { ca } = known.environment;
  const secure = ca ? endpointsOf(known, known.shared.iceServers ?? []).filter(({ secure }) => secure) : [];
  const trustedCertificates = secure.flatMap(({ host, port }) =>
    verified(known, `tls:${host}:${port}`).map(({ fingerprint256 }) => ({ host, port, fingerprint256 })),
  );
  return { ...chromium, id: otherId, other, trustedCertificates };
}

interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

/** Where the browser will connect by name or over TLS. */
function endpointsOf(
  { environment: { url }, asked }: Parameters<typeof chromiumTarget>[0],
  iceServers: readonly IceServer[],
): Endpoint[] {
  const secure = url.protocol === 'wss:';
  const signal = { host: hostOf(url), port: Number(url.port || (secure ? 443 : 80)), secure };
  const turns = new Map<string, Endpoint>();
  for (const server of iceServers) {
    const uri = turnUri(server.url);
    if (!uri?.scheme.startsWith('turn') || !asked.paths.includes(`turn-${uri.transport}`)) continue;
    const { host, port } = uri;
    if (turns.size < mostTurnHosts) turns.set(`${host}:${port}`, { host, port, secure: uri.transport === 'tls' });
  }
  return [signal, ...turns.values()];
}

function addressOf(known: Pick<Known, 'observations'>, host: string): { address?: string } {
  const facts = known.observations.get(`dns:${host}`)?.facts as Partial<DnsFacts> | undefined;
  const address = facts?.addresses?.[0];
  return address ? { address } : {};
}

/** The leaf, only where the whole chain and the name were verified. */
function verified(known: Pick<Known, 'observations'>, tls: string): CertificateFacts[] {
  const observation = known.observations.get(tls);
  const { chain, chainError, nameError } = (observation?.facts ?? {}) as Partial<TlsFacts>;
  const leaf = chain?.[0];
  return observation?.state === 'ok' && leaf && !chainError && !nameError ? [leaf] : [];
}

/** What was started; or, as a text, why there is nothing to start. */
type Found = (Launched & Pick<FoundBrowser, 'origin'>) | string;

async function observe(target: BrowserTarget, tools: Tools): Promise<Outcome> {
  if (!mintsTokens(tools.known.environment)) {
    return { state: 'unsupported', facts: {}, failure: onlyOneToken };
  }
  const label = { chromium: 'Chromium', firefox: 'Firefox', webkit: 'WebKit' }[target.other ?? 'chromium'];
  const startMs = tools.now();
  try {
    const started = await (target.other ? startOther(target.other, target, tools) : startChromium(target, tools));
    if (typeof started === 'string') {
      return { state: 'unsupported', facts: {}, failure: { kind: 'browser-missing', message: started } };
    }
    const { name, version, origin, launchMs, pagesMs } = started;
    const endMs = tools.now();
    const facts: BrowserFacts = { name, version: printable(version), origin, launchMs, pagesMs };
    // It may have been started before this run.
    const pagesFromMs = Math.max(startMs, endMs - pagesMs);
    const steps = [
      { name: 'driver', startMs, endMs: Math.max(startMs, pagesFromMs - launchMs) },
      { name: 'launch', startMs: Math.max(startMs, pagesFromMs - launchMs), endMs: pagesFromMs },
      { name: 'pages', startMs: pagesFromMs, endMs },
    ];
    return { state: 'ok', facts: { ...facts }, steps };
  } catch (error) {
    // Ours, not the deployment's: nothing is known of any path.
    const message = `${label} does not start here: ${printable((error as Error).message, 300)}`;
    return { state: 'unsupported', facts: {}, failure: { kind: 'browser-launch', message } };
  }
}

async function startChromium({ names, trustedKeys }: BrowserTarget, tools: Tools): Promise<Found> {
  const found = findBrowser();
  if (!found) return missingBrowser();
  const started = startBrowser({ executable: found.executable, names, trustedKeys });
  tools.onEnd(() => started.close());
  const browser = await Promise.race([started.ready, givenUp(tools.signal, () => waits[started.stage])]);
  tools.share('browser', browser);
  return { ...browser, origin: found.origin };
}

/** It ends with the Chromium. */
async function startOther(name: OtherBrowser, target: BrowserTarget, tools: Tools): Promise<Found> {
  const { browser } = tools.known.shared;
  const found = findOther(name, target, tools.known);
  if (typeof found === 'string') return found;
  if (!browser) throw new Error('the Chromium is gone');
  const starting = browser.startOther(found.launch);
  starting.catch(() => {});
  const other = await Promise.race([starting, givenUp(tools.signal)]);
  tools.share(name, other);
  return { ...other, origin: found.origin };
}

/** How to start it, or why it cannot be had. */
function findOther(
  name: OtherBrowser,
  { names, trustedCertificates = [] }: BrowserTarget,
  { environment: { ca } }: Known,
): (Pick<FoundBrowser, 'origin'> & { launch: OtherLaunch }) | string {
  if (name === 'firefox') {
    const found = findFirefox();
    if (!found) return missingFirefox();
    const { executable, protocol, origin } = found;
    return { origin, launch: { browser: name, options: { executable, protocol, names, trustedCertificates } } };
  }
  const limit = webkitsLimit({ ca, names });
  if (limit) return limit;
  const found = findWebkit();
  if (!found) return missingWebkit();
  const { executable, origin } = found;
  return { origin, launch: { browser: name, options: { executable } } };
}

const waits: Readonly<Record<LaunchStage, string>> = {
  driver: 'Playwright was still being loaded',
  launch: 'it had not answered yet',
  pages: 'its pages were still opening',
};

function givenUp(signal: AbortSignal, why?: () => string): Promise<never> {
  return new Promise((_, reject) => {
    const give = (): void => reject(new Error(`it was not ready in time${why ? `: ${why()}` : ''}`));
    signal.addEventListener('abort', give, { once: true });
    if (signal.aborted) give();
  });
}

export const browser: Probe<BrowserTarget> = {
  name: 'browser',
  depth: 'media',
  deadlineMs: ({ other }) => (other ? 30_000 : 20_000),
  targets,
  observe,
};
