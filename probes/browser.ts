/** `browser`: a headless Chromium with a page for each of two participants, which the probe `media` uses. */
import { isIP } from 'node:net';
import { startBrowser } from '../browser/driver.js';
import { findBrowser, missingBrowser } from '../browser/executable.js';
import type { LaunchOptions } from '../browser/launch.js';
import { hostOf } from '../environment/host.js';
import { mintsTokens } from '../environment/token.js';
import type { BrowserFacts, DnsFacts, TlsFacts } from '../evidence/facts.js';
import { printable } from '../evidence/text.js';
import { turnUri } from '../wire/turn-uri.js';
import type { Known, Outcome, Pending, Probe, Target, Tools } from './probe.js';
import type { IceServer } from './shared.js';
import { onlyOneToken } from './tokens.js';

export interface BrowserTarget extends Target, Pick<LaunchOptions, 'names' | 'trustedKeys'> {}

const id = 'browser';
/** A server that hands out many TURN hosts must not hold up the browser for each. */
const mostTurnHosts = 4;

/**
 * Not before somebody can join: it keeps a machine busy for seconds, for nothing where there is no deployment to meet,
 * and beside other environments that are checked at the same time. Chromium resolves names and judges certificates by
 * itself, and is told what to make of this environment's own only at its start; so these must have been looked at.
 */
function targets(known: Known): [BrowserTarget | Pending] {
  const { resolvers, ca } = known.environment;
  const { iceServers } = known.shared;
  if (!iceServers) return [{ id, waitingFor: 'signal' }];
  const endpoints = endpointsOf(known, iceServers);
  const names = resolvers ? endpoints.map(({ host }) => host).filter((host) => !isIP(host)) : [];
  const secure = ca ? endpoints.filter(({ secure }) => secure).map(({ host, port }) => `tls:${host}:${port}`) : [];
  const missing = [...names.map((name) => `dns:${name}`), ...secure].find((one) => !known.observations.has(one));
  if (missing) return [{ id, waitingFor: missing }];
  return [
    {
      id,
      names: names.map((host) => ({ host, ...addressOf(known, host) })),
      trustedKeys: secure.flatMap((one) => verifiedKey(known, one)),
    },
  ];
}

interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

/** Where the browser will connect by name or over TLS. */
function endpointsOf({ environment: { url }, asked }: Known, iceServers: readonly IceServer[]): Endpoint[] {
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

function addressOf(known: Known, host: string): { address?: string } {
  const facts = known.observations.get(`dns:${host}`)?.facts as Partial<DnsFacts> | undefined;
  const address = facts?.addresses?.[0];
  return address ? { address } : {};
}

/** The key of the leaf, only where the whole chain and the name were verified. */
function verifiedKey(known: Known, tls: string): string[] {
  const observation = known.observations.get(tls);
  const { chain, chainError, nameError } = (observation?.facts ?? {}) as Partial<TlsFacts>;
  const leaf = chain?.[0];
  return observation?.state === 'ok' && leaf && !chainError && !nameError ? [leaf.spkiSha256] : [];
}

async function observe({ names, trustedKeys }: BrowserTarget, tools: Tools): Promise<Outcome> {
  const { known, signal } = tools;
  if (!mintsTokens(known.environment)) {
    return { state: 'unsupported', facts: {}, failure: onlyOneToken };
  }
  const found = findBrowser();
  if (!found) {
    return { state: 'unsupported', facts: {}, failure: { kind: 'browser-missing', message: missingBrowser() } };
  }
  const startMs = tools.now();
  const started = startBrowser({ executable: found.executable, names, trustedKeys });
  tools.onEnd(() => started.close());
  try {
    const browser = await Promise.race([started.ready, givenUp(signal)]);
    const { name, version, launchMs, pagesMs } = browser;
    const endMs = tools.now();
    const facts: BrowserFacts = { name, version: printable(version), origin: found.origin, launchMs, pagesMs };
    const pagesFromMs = endMs - pagesMs;
    const steps = [
      { name: 'driver', startMs, endMs: Math.max(startMs, pagesFromMs - launchMs) },
      { name: 'launch', startMs: Math.max(startMs, pagesFromMs - launchMs), endMs: pagesFromMs },
      { name: 'pages', startMs: pagesFromMs, endMs },
    ];
    tools.share('browser', browser);
    return { state: 'ok', facts: { ...facts }, steps };
  } catch (error) {
    // Ours, not the deployment's: nothing is known of any path.
    const message = `Chromium does not start here: ${printable((error as Error).message, 300)}`;
    return { state: 'unsupported', facts: {}, failure: { kind: 'browser-launch', message } };
  }
}

function givenUp(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const give = (): void => reject(new Error('it was not ready in time'));
    signal.addEventListener('abort', give, { once: true });
    if (signal.aborted) give();
  });
}

export const browser: Probe<BrowserTarget> = { name: 'browser', depth: 'media', deadlineMs: 20_000, targets, observe };
