/** The JSON Schema of the run document, for tools outside this project. `npm run schema` writes it to `run.schema.json`. */
import { z } from 'zod';
import * as run from './document.js';

const named: [z.ZodType, string, string][] = [
  [run.pathSchema, 'Path', 'A way for media; `turn-tcp` is TURN over plain TCP, `turn-tls` TURN over TLS.'],
  [run.depthSchema, 'Depth', 'How deeply the run was asked to look; each depth contains the ones before it.'],
  [
    run.stateSchema,
    'State',
    'Only `ok` counts as passed: `unreached` waited for something, `unsupported` cannot be done here.',
  ],
  [run.verdictSchema, 'Verdict', '`inconclusive`: this vantage could not decide; never guessed.'],
  [run.severitySchema, 'Severity', 'An `error` decides the verdict, a `warning` does not, `info` explains.'],
  [run.failureSchema, 'Failure', 'Why an observation is not `ok`: a stable kind for programs, a sentence for people.'],
  [run.stepSchema, 'Step', 'A timed part of an observation, in milliseconds since the start of the run.'],
  [
    run.observationSchema,
    'Observation',
    'What one probe saw of one target. Times are milliseconds since the start of the run.',
  ],
  [run.findingSchema, 'Finding', 'A named fault or note. `evidence` holds ids of observations.'],
  [run.suppressedSchema, 'Suppressed', 'A finding that is a consequence of another one.'],
  [run.pathResultSchema, 'PathResult', 'How far a path was proven. A layer that was not asked for is absent.'],
  [run.claimsSchema, 'Claims', 'What the operator says should hold. What is absent is not claimed.'],
  [run.askedSchema, 'Asked', 'What the run was asked for. Absent: everything.'],
  [run.vantageSchema, 'Vantage', 'Where the run was made from.'],
  [run.changeSchema, 'Change', 'What is different from an earlier run; `text` says it on one line.'],
  [run.sinceSchema, 'Since', 'What changed since an earlier run, where something came that was not there then.'],
  [run.trendRunSchema, 'TrendRun', 'One kept run of an environment, in a few numbers.'],
  [run.seenFromSchema, 'SeenFrom', 'Of a merged run: which vantages see a finding, and whose fault it is.'],
  [run.environmentViewSchema, 'EnvironmentView', 'Of a merged run: one environment as one vantage saw it.'],
  [run.vantageRunSchema, 'VantageRun', 'Of a merged run: a vantage, and the run that was made from there.'],
  [run.environmentRunSchema, 'EnvironmentRun', 'What was observed and concluded of one deployment.'],
];

/** A JSON Schema of draft 2020-12. It leaves objects open: a later version may add keys, and readers skip them. */
export function runJsonSchema(): object {
  const metadata = z.registry<{ id?: string; title?: string; description?: string }>();
  for (const [schema, id, description] of named) metadata.add(schema, { id, description });
  metadata.add(run.runSchema, {
    title: 'livekit-doctor run',
    description: 'Everything that one run of livekit-doctor observed and concluded.',
  });
  return z.toJSONSchema(run.runSchema, { io: 'input', metadata });
}
