import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { readCertificates } from '../../environment/certificates.js';
import { usualFile } from '../../environment/discover.js';
import { ConfigurationError, type Environment, secretsOf } from '../../environment/environment.js';
import { readEnvironmentFile } from '../../environment/file.js';
import { loadEnvironments } from '../../environment/load.js';
import { mintsTokens } from '../../environment/token.js';
import { writeAtomically } from '../../evidence/files.js';
import type { Run } from '../../evidence/run.js';
import {
  claimsFrom,
  furtherClaims,
  insertAt,
  type Looks,
  nameFrom,
  placeForMore,
  somebodyJoined,
  unproven,
} from '../../init/index.js';
import { progress as progressReporter } from '../../reporters/progress.js';
import type { InitOptions } from '../commands/init.js';
import { type Context, untilInterrupted } from '../context.js';
import { exitCodeOf, exitCodes } from '../exit-code.js';
import { openReports, refuseUnwritable } from '../reports.js';

/** Participants beside the first one. A range of ports gives each that is there at the same time another one. */
const furtherParticipants = 2;

type Written = Parameters<typeof claimsFrom>[1];

/** Where the file goes, once it is known what stands in it. */
type Write = (looks: Looks, written: Written) => Promise<void>;

/** Returns the exit code. Throws `ConfigurationError`. */
export async function init(argument: string | undefined, options: InitOptions, context: Context): Promise<number> {
  const { progress: output } = context;
  const { environment: found, ca } = await environmentOf(argument, options, context);
  const name = options.name ?? nameFrom(found.url);
  if (!/^[\w][\w.-]*$/.test(name)) throw new ConfigurationError('--name: expected letters, digits, ".", "-" and "_"');
  const write = await prepare(name, options, context);
  const environment = { ...found, name };
  for (const secret of secretsOf(environment.auth)) context.redactor.add(secret);

  const progress = progressReporter({ progress: output });
  const always = [{ name: 'progress', reporter: progress }];
  // The file is the data; the report is for whoever waits.
  const { reporter } = await openReports({}, always, { ...context, out: output });
  return untilInterrupted(
    context,
    () => progress.stop(),
    async (signal) => {
      reporter.onStart([{ name, url: environment.url.href }]);
      const { run, looks } = await look(environment, options, context, reporter, signal);
      await reporter.onEnd(run);
      const code = exitCodeOf(run, 'error');
      if (!somebodyJoined(looks)) {
        output.write('\nNothing was written: nobody could join, so there is nothing to claim yet.\n');
        return code === exitCodes.pass ? exitCodes.inconclusive : code;
      }
      const { project } = options;
      const auth = project !== undefined ? { project } : 'token' in environment.auth ? 'token' : 'key';
      await write(looks, { name, auth, version: context.version, ...(ca !== undefined && { ca }) });
      output.write(`\n${said(looks, name, options).join('\n')}\n`);
      return code;
    },
  );
}

/** With the path of its private CA as it stands in the file. */
async function environmentOf(
  argument: string | undefined,
  { ca, output, project }: InitOptions,
  { cwd, env }: Context,
): Promise<{ environment: Environment; ca?: string }> {
  const url = argument ?? (project === undefined ? env.LIVEKIT_URL : undefined);
  const expected = 'a URL like wss://livekit.example.com';
  if (project !== undefined && url) throw new ConfigurationError('give either a URL or --project, which has its own');
  if (project === undefined && !url) {
    throw new ConfigurationError(`which deployment shall be asked? Give ${expected}, or set LIVEKIT_URL`);
  }
  if (url && !url.includes('://')) {
    throw new ConfigurationError(`${argument ? 'the argument' : 'LIVEKIT_URL'} is not ${expected}`);
  }
  const file = ca ?? (env.LIVEKIT_DOCTOR_CA || undefined);
  const variables = { ...env, LIVEKIT_DOCTOR_CA: undefined };
  const [environment] = await loadEnvironments({
    arguments: url ? [url] : [],
    projects: project === undefined ? [] : [project],
    cwd,
    env: variables,
  });
  if (typeof environment !== 'object') throw new ConfigurationError(`expected ${expected}`);
  if (file === undefined) return { environment };
  const path = resolve(cwd, file);
  const pem = await readCertificates(path, `${ca === undefined ? 'LIVEKIT_DOCTOR_CA' : '--ca'}: ${file}`);
  const beside = relative(output === '-' ? cwd : dirname(resolve(cwd, output)), path);
  return {
    environment: { ...environment, ca: pem, claims: { ...environment.claims, tls: { privateCa: true } } },
    ca: beside.startsWith('.') ? beside : `./${beside}`,
  };
}

/** What surely cannot be written is said before anything is looked at. */
async function prepare(name: string, { output, add, force }: InitOptions, { cwd, env, out }: Context): Promise<Write> {
  if (output === '-') return async (...seen) => out.write(claimsFrom(...seen));
  const path = resolve(cwd, output);
  await refuseUnwritable(path, output);
  if (force || !existsSync(path)) return async (...seen) => writeAtomically(path, claimsFrom(...seen));
  if (!add) {
    throw new ConfigurationError(
      `${output} is already there: --add writes ${name} as a further environment, --force all anew, --output FILE elsewhere`,
    );
  }
  const { names, bases } = await readEnvironmentFile(path, output, env);
  if ([...names, ...bases].includes(name)) {
    throw new ConfigurationError(`${output} already has an environment ${name}: give this one another --name`);
  }
  const source = await readFile(path, 'utf8');
  const place = placeForMore(source);
  if (!place) {
    throw new ConfigurationError(
      `${output} has its environments in braces, where none can be added with comments: use --output - and copy it`,
    );
  }
  return async (looks, written) =>
    writeAtomically(path, insertAt(source, place, furtherClaims(looks, written, place.indent)));
}

async function look(
  environment: Environment,
  { depth }: InitOptions,
  { version }: Context,
  events: Awaited<ReturnType<typeof openReports>>['reporter'],
  signal: AbortSignal,
): Promise<{ run: Run; looks: Looks }> {
  const { runChecks, warmUp } = await import('../../run/run.js');
  const coolDown = warmUp({ depth });
  try {
    // A ready token is one participant, whom a second one would put out.
    const number = mintsTokens(environment) ? furtherParticipants : 0;
    const further = Array.from({ length: number }, (_, i) => ({
      ...environment,
      name: `${environment.name} ${i + 2}`,
    }));
    const aside = { environments: further, depth: 'wire', only: ['ice-udp'], paths: ['udp'], version, signal } as const;
    const [run, others] = await Promise.all([
      runChecks({ environments: [environment], depth, version, signal, events }),
      runChecks(aside),
    ]);
    const [first] = run.environments;
    if (!first) throw new Error('the run has no environment');
    return { run, looks: { startedAt: run.startedAt, first, others: others.environments } };
  } finally {
    await coolDown();
  }
}

function said({ first }: Looks, name: string, { output }: InitOptions): string[] {
  const missing = unproven(first).map(({ path, codes }) => (codes.length > 0 ? `${path} (${codes.join(', ')})` : path));
  const config = output === usualFile || output === '-' ? '' : ` --config ${output}`;
  return [
    ...(output === '-' ? [] : [`Wrote ${output}: the environment ${name}, with what was seen as claims.`]),
    ...(missing.length > 0
      ? [
          `Not promised, since it was not proven: ${missing.join(', ')}.`,
          '"check" goes on to speak of that until it is repaired; then require it.',
        ]
      : []),
    `Correct it, then: livekit-doctor check ${name}${config}`,
  ];
}
