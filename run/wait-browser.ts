/** Has the browser of a whole check ready before the deployment is. */
import { prepareBrowser } from '../browser/driver.js';
import { findBrowser } from '../browser/executable.js';
import type { Environment } from '../environment/environment.js';
import { seen } from '../evidence/facts.js';
import type { EnvironmentRun, Path } from '../evidence/run.js';
import { chromiumTarget } from '../probes/browser.js';

/**
 * Starts it as soon as a quick look has joined, and so shows which names and keys it must know. It meets the deployment
 * only in the whole check, so that nothing is remembered of an earlier one.
 */
export function prepareFor(environment: Environment, { observations }: EnvironmentRun, paths: readonly Path[]): void {
  const found = findBrowser();
  const servers = seen(observations, 'signal').find(({ state }) => state === 'ok')?.facts.join?.iceServers;
  if (!found || !servers) return;
  const target = chromiumTarget({
    environment,
    asked: { paths },
    observations: new Map(observations.map((one) => [one.id, one])),
    shared: { iceServers: servers.map(({ url }) => ({ url, username: '', credential: '' })) },
  });
  if ('waitingFor' in target) return;
  prepareBrowser({ executable: found.executable, names: target.names, trustedKeys: target.trustedKeys });
}
