/** Which environments are to be checked again and again, and how often. */
import { findBrowser } from '../browser/executable.js';
import { ConfigurationError, type Environment } from '../environment/environment.js';
import { embedded, loadEnvironments } from '../environment/load.js';
import { mintsTokens } from '../environment/token.js';
import type { Depth } from '../evidence/run.js';
import { packed } from './packed.js';
import type { Served, Wanted } from './protocol.js';

const usualMs = { wire: 30_000, media: 900_000 } as const;

type Variables = Readonly<Record<string, string | undefined>>;

/** Throws a `ConfigurationError`. */
export async function loadServed(
  wanted: Wanted,
  env: Variables,
): Promise<{ environments: readonly Served[]; notes: readonly string[] }> {
  const { names, projects, config, cwd } = wanted;
  const found = await loadEnvironments({
    arguments: names,
    ...(projects && { projects }),
    ...(config !== undefined && { config }),
    cwd,
    env,
  });
  const environments = found.filter((one) => one !== embedded);
  if (environments.length < found.length) {
    throw new ConfigurationError(
      'there is no deployment to keep checking: name an environment of livekit-doctor.yaml (livekit-doctor init writes a first one) or give its URL; the embedded one runs only while it is checked',
    );
  }
  const notes = environments.flatMap((one) => {
    const why = whyNoMedia(one, env);
    return why !== undefined && one.schedule?.media === undefined
      ? [`${one.name}: media is not checked by itself, as ${why}`]
      : [];
  });
  return {
    environments: environments.map((one) => ({
      name: one.name,
      url: one.url.href,
      periods: periodsOf(one, env),
      packed: packed(one),
    })),
    notes,
  };
}

/** What nobody asked for is only done where it can be of use. */
function periodsOf(environment: Environment, env: Variables): Served['periods'] {
  const { wire = usualMs.wire, peer = 'off', media } = environment.schedule ?? {};
  const usualMedia = whyNoMedia(environment, env) === undefined ? usualMs.media : 'off';
  const periods = { wire, peer, media: media ?? usualMedia } satisfies Record<Depth, number | 'off'>;
  return Object.fromEntries(Object.entries(periods).filter(([, period]) => period !== 'off')) as Served['periods'];
}

function whyNoMedia(environment: Environment, env: Variables): string | undefined {
  if (!mintsTokens(environment)) return 'one token is one participant, and a call wants two';
  return findBrowser(env) ? undefined : 'there is no browser here';
}
