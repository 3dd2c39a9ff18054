/**
 * The run document (`schemaVersion: 1`): everything that was observed and concluded, as one JSON value. It is a public
 * interface. The JSON Schema that ships beside the package is generated from these schemas (`npm run schema`), and
 * the types of the whole project are inferred from them.
 */
import { z } from 'zod';
import { allPaths, depths, exercises, layers, schemaVersion } from './run.js';

/** A way for media. `turn-tcp` is TURN over plain TCP, `turn-tls` TURN over TLS (RFC 8656 §2.1). */
export const pathSchema = z.enum(allPaths);

/** How deeply a path is proven: an authenticated STUN check, a data channel from Node, decoded media in a browser. */
export const layerSchema = z.enum(layers);

/** How deeply a run was asked to look. `wire` proves the layer `reach`, `peer` adds `peer`, `media` adds `media`. */
export const depthSchema = z.enum(depths);

/**
 * An outcome is never a boolean. `unreached`: something that had to come first did not happen, and `waitedFor` names
 * it. `unsupported`: this vantage cannot do it, and `failure` says why. Neither ever counts as passed.
 */
export const stateSchema = z.enum(['ok', 'failed', 'unreached', 'unsupported']);

export const verdictSchema = z.enum(['pass', 'fail', 'inconclusive']);

export const severitySchema = z.enum(['error', 'warning', 'info']);

/** Why an observation is not `ok`: a stable kind for rules (`timeout`, `refused`, …) and a sentence for people. */
export const failureSchema = z.object({ kind: z.string(), message: z.string() });

/** A timed part of an observation, for waterfalls. Milliseconds since the start of the run. */
export const stepSchema = z.object({ name: z.string(), startMs: z.number(), endMs: z.number() });

export const observationSchema = z.object({
  /** `probe` or `probe:target`, unique within its environment: `ice-udp:203.0.113.30:7882`. */
  id: z.string(),
  probe: z.string(),
  state: stateSchema,
  /** Milliseconds since the start of the run. */
  startMs: z.number(),
  endMs: z.number(),
  /** What was seen, without an opinion. The shape per probe is in `facts.ts`. */
  facts: z.record(z.string(), z.json()),
  steps: z.array(stepSchema).optional(),
  failure: failureSchema.optional(),
  /** Only when `unreached`: the id (or the probe) whose outcome it waited for. */
  waitedFor: z.string().optional(),
  /** Only in a merged run: who saw it. Its `id` is then that of the vantage's own run, `@` and the vantage's name. */
  vantage: z.string().optional(),
});

/** Only in a merged run: what each vantage has to say about one finding. Each vantage is in one of the three lists. */
export const seenFromSchema = z.object({
  /** Names of vantages that see it. */
  sees: z.array(z.string()),
  /** From there the same works. */
  denies: z.array(z.string()),
  /** They could not judge it: offline, behind something else that stands before it, on another way to the deployment. */
  abstains: z.array(z.string()),
  /** Whose fault it is. `undecided`: as many see it as deny it, or too few. */
  blames: z.enum(['deployment', 'vantage', 'undecided']),
  /** Why: `quorum`, or the cause that only several vantages can tell: `hairpin`, `split-horizon`, … */
  because: z.string(),
});

export const findingSchema = z.object({
  code: z.string(),
  severity: severitySchema,
  args: z.record(z.string(), z.json()),
  summary: z.string(),
  cause: z.string(),
  fix: z.string(),
  /** Ids of the observations that it rests on. */
  evidence: z.array(z.string()),
  /** Other codes that would look the same from here, each with the experiment that separates them. */
  alternatives: z.array(z.object({ code: z.string(), separateBy: z.string() })).optional(),
  seenFrom: seenFromSchema.optional(),
});

export const suppressedSchema = z.object({ code: z.string(), because: z.string() });

/** A layer that was not asked for is absent. */
export const pathResultSchema = z.object({
  required: z.boolean(),
  /** It must not work from here: `failed` is as it should be. Absent: it may. */
  forbidden: z.literal(true).optional(),
  reach: stateSchema.optional(),
  peer: stateSchema.optional(),
  media: stateSchema.optional(),
});

/**
 * What the operator says should hold, without any secret: kept in the run so that `diagnose run.json` judges the same
 * way offline. Absent means not claimed.
 */
export const claimsSchema = z.object({
  dns: z.object({ resolvers: z.array(z.string()).optional(), signal: z.string().optional() }).optional(),
  tls: z.object({ minDays: z.number().optional(), privateCa: z.boolean().optional() }).optional(),
  media: z
    .object({ address: z.string().optional(), udp: z.string().optional(), tcp: z.number().optional() })
    .optional(),
  turn: z
    .object({ host: z.string().optional(), address: z.string().optional(), externalTls: z.boolean().optional() })
    .optional(),
  /** `host:port`; an empty list: none may be asked. */
  stun: z.object({ servers: z.array(z.string()) }).optional(),
  paths: z
    .object({
      required: z.array(pathSchema).optional(),
      optional: z.array(pathSchema).optional(),
      /** Must not work from where the run is made. */
      forbidden: z.array(pathSchema).optional(),
    })
    .optional(),
  /** A range as of npm's `semver`, and the region that the server says it is in. */
  server: z.object({ version: z.string().optional(), region: z.string().optional() }).optional(),
  /**
   * Of tokens that others mint: how long one may be valid, what it may grant beyond taking part in one room, and how long
   * the token endpoint may take to answer.
   */
  token: z
    .object({
      maxTtlMs: z.number().optional(),
      mayGrant: z.array(z.string()).optional(),
      answerWithinMs: z.number().optional(),
    })
    .optional(),
  /** What people use. Absent: Chromium alone. */
  browsers: z.array(z.enum(['chromium', 'firefox', 'webkit'])).optional(),
  /** What a call may cost at most. Without one nothing is judged, only shown. */
  budgets: z
    .object({
      /** From the start of a participant's connect: the client says connected; the other's first picture. */
      connectMs: z.number().optional(),
      firstFrameMs: z.number().optional(),
      /** Of the packets that the other sent, by their sequence numbers. */
      lossPercent: z.number().optional(),
      /** Between a participant and the server, without load. */
      rttMs: z.number().optional(),
      /** Of the sound (RFC 3550 §6.4.1). */
      jitterMs: z.number().optional(),
      /** Share of the time in which the picture stood still (webrtc-stats `totalFreezesDuration`). */
      freezePercent: z.number().optional(),
    })
    .optional(),
  /** An agent of this name must join a room to which it is dispatched, in time, and publish sound where it says so. */
  agent: z.object({ name: z.string(), joinWithinMs: z.number(), publishes: z.boolean().optional() }).optional(),
});

/** What was asked for: a layer or a path that was not asked for is neither proven nor missing. */
export const askedSchema = z.object({
  depth: depthSchema,
  /** Absent: every path. */
  paths: z.array(pathSchema).optional(),
  /** Absent: every probe. */
  only: z.array(z.string()).optional(),
  /** How long an idle signalling connection was held open; absent: not at all. */
  idleMs: z.number().optional(),
  /** Up to how long UDP mappings were left idle; absent: not at all. */
  natLifetimeMs: z.number().optional(),
  /** How long each path was measured once it was proven; absent: half a second. */
  measureMs: z.number().optional(),
  /** Whether participants tried the paths, too, that nothing had reached; absent: they did not. */
  exhaustive: z.literal(true).optional(),
  /** What was tried in a call that stood; absent: nothing. */
  exercises: z.array(z.enum(exercises)).optional(),
  /**
   * No resolver was asked for a name that the zone's own servers do not know, so that none remembers that it was missing;
   * absent: resolvers were asked right away.
   */
  zoneFirst: z.literal(true).optional(),
});

/** What is different from an earlier run of the same environment, in the terms of the deployment. */
export const changeSchema = z.object({
  /** Absent: of the whole run. */
  environment: z.string().optional(),
  /** `vantage` and `check` are about who looked and how, which explains much of the rest. */
  about: z.enum(['finding', 'deployment', 'vantage', 'check']),
  /** Stable, for programs: `certificate`, `media-addresses`… */
  kind: z.string(),
  /** Which of its kind: a name, a path, a protocol. */
  what: z.string(),
  /** Absent: it was not there, or is not any more. */
  before: z.json().optional(),
  after: z.json().optional(),
  effect: z.enum(['worse', 'better', 'neutral']),
  /** One line, for people. */
  text: z.string(),
});

/** Only where something came that was not there in the last good run (or the one that was named as a baseline). */
export const sinceSchema = z.object({
  run: z.enum(['last-good', 'baseline']),
  startedAt: z.iso.datetime(),
  changes: z.array(changeSchema),
});

/** One run in the course of an environment: only what is looked at side by side. */
export const trendRunSchema = z.object({
  startedAt: z.iso.datetime(),
  verdict: verdictSchema,
  durationMs: z.number(),
  /** Of errors and warnings, each once, in the order of the findings. */
  codes: z.array(z.string()),
  /** Of the check that reached a path, where one was answered and measured. */
  rttMs: z.partialRecord(pathSchema, z.number()),
});

/**
 * Only of `check --confirm`, where the first run did not pass: the environment was checked again at once. Its paths and
 * observations are those of the second run; its verdict and findings are what both say together. All of `startMs` and
 * `endMs` count from the beginning of the whole run.
 */
export const confirmationSchema = z.object({
  /**
   * `failing`: it failed both times, so it fails. `flapping`: it failed one time and passed the other, which is
   * inconclusive. `undecided`: one of both could not decide, and the second did not pass. `passing`: it passes.
   */
  outcome: z.enum(['failing', 'flapping', 'undecided', 'passing']),
  first: z.object({
    startedAt: z.iso.datetime(),
    durationMs: z.number(),
    verdict: verdictSchema,
    paths: z.partialRecord(pathSchema, pathResultSchema),
    findings: z.array(findingSchema),
    suppressed: z.array(suppressedSchema),
    observations: z.array(observationSchema),
  }),
  /** By itself. What else there is of it is the environment's own. */
  second: z.object({ startedAt: z.iso.datetime(), verdict: verdictSchema, findings: z.array(findingSchema) }),
  /** Errors and warnings that only one of both has and that do not count: first those of the second run. */
  unconfirmed: z.array(findingSchema),
});

/**
 * Only in a merged run: one environment as one vantage saw it. What it observed is among the `observations` of the merged
 * environment; `evidence` of these findings has the ids of the vantage's own run.
 */
export const environmentViewSchema = z.object({
  vantage: z.string(),
  url: z.string(),
  verdict: verdictSchema,
  durationMs: z.number(),
  claims: claimsSchema,
  asked: askedSchema,
  paths: z.partialRecord(pathSchema, pathResultSchema),
  findings: z.array(findingSchema),
  suppressed: z.array(suppressedSchema),
  confirmation: confirmationSchema.optional(),
});

/** In a merged run `paths` says what is so by quorum: `unreached` where the vantages are of two minds. */
export const environmentRunSchema = z.object({
  name: z.string(),
  url: z.string(),
  verdict: verdictSchema,
  durationMs: z.number(),
  claims: claimsSchema,
  asked: askedSchema,
  paths: z.partialRecord(pathSchema, pathResultSchema),
  findings: z.array(findingSchema),
  suppressed: z.array(suppressedSchema),
  observations: z.array(observationSchema),
  confirmation: confirmationSchema.optional(),
  since: sinceSchema.optional(),
  /** Where runs are kept: the newest of them up to this one, oldest first, at most 100. */
  trend: z.array(trendRunSchema).optional(),
  vantages: z.array(environmentViewSchema).optional(),
});

/** RFC 4787 §4.1, as far as this vantage can tell. */
const natMappingSchema = z.enum(['none', 'endpoint-independent', 'endpoint-dependent', 'unknown']);

export const vantageSchema = z.object({
  name: z.string(),
  os: z.string(),
  addresses: z.array(z.string()),
  /** The address and port that the far side saw, `ip:port`; absent when nothing answered. */
  mapped: z.object({ udp: z.string().optional(), tcp: z.string().optional() }),
  natMapping: natMappingSchema,
  /** The environment's clock minus ours, from the HTTP `Date` header (whole seconds); absent when nobody told. */
  clockSkewMs: z.number().optional(),
});

/** Only in a merged run: a vantage, and the run that was made from there. */
export const vantageRunSchema = vantageSchema.extend({
  startedAt: z.iso.datetime(),
  durationMs: z.number(),
  /** Of livekit-doctor there. */
  version: z.string(),
});

/** How many vantages must see a fault for it to be the deployment's. */
export const quorumSchema = z.union([z.literal('majority'), z.literal('any'), z.int().min(1)]);

export const runSchema = z.object({
  schemaVersion: z.literal(schemaVersion),
  tool: z.object({ name: z.literal('livekit-doctor'), version: z.string() }),
  startedAt: z.iso.datetime(),
  durationMs: z.number(),
  vantage: vantageSchema,
  environments: z.array(environmentRunSchema),
  /** Only in a run that `merge` made of several: `vantage` stands for all of them, times are those of their own runs. */
  vantages: z.array(vantageRunSchema).optional(),
  quorum: quorumSchema.optional(),
});
