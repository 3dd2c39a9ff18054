import { findBrowser, missingBrowser } from '../../browser/executable.js';
import { findFirefox, missingFirefox } from '../../browser/firefox-executable.js';
import { ConfigurationError, type Environment, secretsOf } from '../../environment/environment.js';
import { embedded } from '../../environment/load.js';
import { mintsTokens } from '../../environment/token.js';
import { allPaths, type Depth } from '../../evidence/run.js';
import { waiting } from '../../reporters/waiting.js';
import type { WaitOptions } from '../commands/wait.js';
import { type Context, untilInterrupted } from '../context.js';
import { load } from '../environments.js';
import { exitCodeOf, exitCodes } from '../exit-code.js';
import { bufferOutput } from '../output.js';
import { openReports } from '../reports.js';
import { vantageName } from '../vantage.js';
import { readWords } from '../words.js';

/** Returns the exit code. Throws `ConfigurationError`, at once: what only somebody at a keyboard can mend is not waited for. */
export async function wait(names: readonly string[], options: WaitOptions, context: Context): Promise<number> {
  const { progress, version } = context;
  const { depth, timeout: timeoutMs, failOn } = options;
  const paths = options.path && readWords('path', options.path, allPaths);
  const vantage = vantageName(options.vantage, context);
  const found = await load(names, options, context);
  const environments = found.map(deployed);
  for (const one of environments) refuseUnprovable(one, depth);
  const { reporter, exitCode } = await openReports(options, [], context);
  for (const secret of environments.flatMap(({ auth }) => secretsOf(auth))) context.redactor.add(secret);

  const story = waiting({ progress: options.quiet ? bufferOutput() : progress, depth });
  return untilInterrupted(
    context,
    () => story.stop(),
    async (signal) => {
      story.begin(
        environments.map(({ name, url }) => ({ name, url: url.href })),
        timeoutMs,
      );
      const { waitForPass } = await import('../../run/wait.js');
      const { end, run } = await waitForPass({
        environments,
        depth,
        ...(paths && { paths }),
        vantage,
        version,
        signal: signal,
        timeoutMs,
        passes: (one) => exitCodeOf({ environments: [one] }, failOn) === exitCodes.pass,
        events: { onReason: story.reason, onReady: story.ready, onWhole: story.whole },
      });
      story.end(end);
      await reporter.onEnd(run);
      return exitCode(run, failOn);
    },
  );
}

function deployed(environment: Environment | typeof embedded): Environment {
  if (environment !== embedded) return environment;
  throw new ConfigurationError(
    'there is no deployment to wait for: name an environment of livekit-doctor.yaml or give its URL (the embedded one is started when it is checked)',
  );
}

/** What the environment and this machine can never prove, however long they wait. */
function refuseUnprovable(environment: Environment, depth: Depth): void {
  if (depth === 'wire') return;
  if (!mintsTokens(environment)) {
    throw new ConfigurationError(
      `${environment.name} has only a token, which is one participant, and two would have to meet: use --depth wire, or give an API key and secret`,
    );
  }
  if (depth === 'peer') return;
  if (!findBrowser()) throw new ConfigurationError(`${missingBrowser()} Or ask for less: --depth peer.`);
  if (environment.claims.browsers?.includes('firefox') && !findFirefox())
    throw new ConfigurationError(missingFirefox());
}
