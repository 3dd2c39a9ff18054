/**
 * The run document: its types and the words it is made of. The shapes themselves, with what each field means, are in
 * `document.ts`; that file needs zod, which costs 50 ms to load, so only what reads or describes documents imports it.
 */
import type { z } from 'zod';
import type * as document from './document.js';

export const schemaVersion = 1;

/** The ways for media, in the order in which they are preferred and shown. */
export const allPaths = ['udp', 'tcp', 'turn-udp', 'turn-tcp', 'turn-tls'] as const;

/** How deeply a run looks; each depth contains the ones before it. */
export const depths = ['wire', 'peer', 'media'] as const;

/** How deeply a path can be proven, shallow first. */
export const layers = ['reach', 'peer', 'media'] as const;

/** What can be tried in a call that stands; each is done only when it is asked for. */
export const exercises = ['data', 'reconnect', 'fallback-tcp', 'fallback-tls', 'outage'] as const;

export type Exercise = (typeof exercises)[number];
export type Path = z.infer<typeof document.pathSchema>;
export type Layer = z.infer<typeof document.layerSchema>;
export type Depth = z.infer<typeof document.depthSchema>;
export type State = z.infer<typeof document.stateSchema>;
export type Verdict = z.infer<typeof document.verdictSchema>;
export type Severity = z.infer<typeof document.severitySchema>;
export type Failure = z.infer<typeof document.failureSchema>;
export type Step = z.infer<typeof document.stepSchema>;
export type Observation = z.infer<typeof document.observationSchema>;
export type Finding = z.infer<typeof document.findingSchema>;
export type PathResult = z.infer<typeof document.pathResultSchema>;
export type Claims = z.infer<typeof document.claimsSchema>;
export type Asked = z.infer<typeof document.askedSchema>;
/** What takes part only when it is asked for. */
const requests = [
  'idleMs',
  'natLifetimeMs',
  'exercises',
  'measureMs',
  'exhaustive',
  'zoneFirst',
] as const satisfies (keyof Asked)[];

export type Requests = Readonly<Pick<Asked, (typeof requests)[number]>>;

/** Of these options, what was asked for. */
export function requested(options: Requests): Requests {
  return Object.fromEntries(requests.flatMap((name) => (options[name] ? [[name, options[name]]] : [])));
}

export type EnvironmentRun = z.infer<typeof document.environmentRunSchema>;
export type Confirmation = z.infer<typeof document.confirmationSchema>;
export type Change = z.infer<typeof document.changeSchema>;
export type Since = z.infer<typeof document.sinceSchema>;
export type TrendRun = z.infer<typeof document.trendRunSchema>;
export type Vantage = z.infer<typeof document.vantageSchema>;
export type SeenFrom = z.infer<typeof document.seenFromSchema>;
export type EnvironmentView = z.infer<typeof document.environmentViewSchema>;
export type Quorum = z.infer<typeof document.quorumSchema>;
export type Run = z.infer<typeof document.runSchema>;

/**
 * What the rules judge: one environment's claims and observations. What they need of the vantage is the observation
 * `vantage`, so that a run is judged the same offline and beside other environments.
 */
export interface Evidence {
  readonly claims: Claims;
  readonly asked: Asked;
  readonly url: string;
  readonly observations: readonly Observation[];
}
