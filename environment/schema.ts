/**
 * What may stand in `livekit-doctor.yaml`. Strict: a key that is not here is a mistake. Each value is described by the
 * words that follow "expected" in a message.
 */
import { isIP } from 'node:net';
import validRange from 'semver/ranges/valid.js';
import { z } from 'zod';
import { pathSchema } from '../evidence/document.js';
import { allPaths, depths } from '../evidence/run.js';
import { authSchema } from './auth-schema.js';
import { durationMs } from './duration.js';
import type { PathInFile } from './tree.js';
import { readUrl } from './url.js';

const text = z.string().min(1).describe('a text that is not empty');
const address = z
  .string()
  .refine((value) => isIP(value) !== 0)
  .describe('an IP address');
const port = z.int().min(1).max(65535).describe('a port (1 to 65535)');
const list = (what: string) => `a list of ${what}`;

const url = z
  .string()
  .refine((value) => readUrl(value) instanceof URL)
  .describe('a URL like wss://livekit.example.com, without credentials, query and fragment');

const resolver = z.string().refine(isResolver).describe('an IP address, with :port if it is not 53');

const host = z
  .string()
  .max(254)
  .regex(/^(?!-)[\w-]{1,63}(?<!-)(\.(?!-)[\w-]{1,63}(?<!-))*\.?$/)
  .describe('a host name');

const stunServer = z
  .string()
  .refine(isStunServer)
  .describe('a host name or an IP address, with :port if it is not 3478');

const portRange = z
  .string()
  .refine((value) => {
    const [, first, last] = /^(\d{1,5})-(\d{1,5})$/.exec(value) ?? [];
    return Number(first) >= 1 && Number(first) <= Number(last) && Number(last) <= 65535;
  })
  .describe('a range of ports like 30001-30009');

const paths = z.array(pathSchema.describe(`one of ${allPaths.join(', ')}`)).describe(list('paths'));

const pathClaims = z
  .strictObject({ required: paths.optional(), optional: paths.optional(), forbidden: paths.optional() })
  .superRefine((claimed, context) => {
    const lists = ['required', 'optional', 'forbidden'] as const;
    for (const [i, later] of lists.entries()) {
      for (const [index, path] of (claimed[later] ?? []).entries()) {
        const earlier = lists.slice(0, i).find((one) => claimed[one]?.includes(path));
        if (!earlier) continue;
        const message = `${path} is ${earlier} already, and a path is either required, optional or forbidden`;
        context.addIssue({ code: 'custom', path: [later, index], message, params: { whole: true } });
      }
    }
  })
  .describe('a map');

const versionRange = z
  .string()
  .refine((value) => value.trim() !== '' && validRange(value) !== null)
  .describe('a range of versions like ">=1.9 <1.14"');

const milliseconds = z.number().positive().describe('a number of milliseconds above 0').optional();
const percent = z.number().min(0).max(100).describe('a number of percent, 0 to 100').optional();

/** Longer than anybody waits for an agent in a call. */
const longestJoinMs = 120_000;

const joinTime = z
  .string()
  .refine((value) => (durationMs(value) ?? 0) >= 1 && (durationMs(value) ?? 0) <= longestJoinMs)
  .describe('a duration like 10s, at most 2m');

/** Every second at most, once a day at least. */
const period = z
  .string()
  .refine((value) => value === 'off' || isPeriod(durationMs(value)))
  .describe('a duration from 1s to 24h, or off');

// RFC 1123: what Kubernetes calls objects.
const objectName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
  .describe('the name of an object: lower case letters, digits, "-" and "."');

const kubernetes = z
  .strictObject({
    kubeconfig: text.optional(),
    context: text.optional(),
    namespace: objectName.optional(),
    deployment: objectName.optional(),
    service: objectName.optional(),
    turnService: objectName.optional(),
    ingress: objectName.optional(),
    configMap: objectName.optional(),
    secret: objectName.optional(),
  })
  .describe('a map, {} for the current context and the namespace livekit');

export const environmentSchema = z
  .strictObject({
    extends: text.describe('the name of another environment').optional(),
    url: url.optional(),
    auth: authSchema.optional(),
    tls: z
      .strictObject({
        ca: text.optional(),
        minDays: z.number().min(0).describe('a number of days, 0 or more').optional(),
      })
      .describe('a map')
      .optional(),
    dns: z
      .strictObject({
        resolvers: z.array(resolver).min(1).describe(list('at least one IP address')).optional(),
        signal: address.optional(),
      })
      .describe('a map')
      .optional(),
    media: z
      .strictObject({
        address: address.optional(),
        udp: z.union([port, portRange]).describe('a port (1 to 65535), or a range like 30001-30009').optional(),
        tcp: port.optional(),
      })
      .describe('a map')
      .optional(),
    turn: z
      .strictObject({
        host: host.optional(),
        address: address.optional(),
        externalTls: z.boolean().describe('true or false').optional(),
      })
      .describe('a map')
      .optional(),
    claims: z.strictObject({ kubernetes: kubernetes.optional() }).describe('a map with kubernetes').optional(),
    stun: z
      .strictObject({ servers: z.array(stunServer).max(4).describe('a list of at most 4 STUN servers') })
      .describe('a map with servers')
      .optional(),
    paths: pathClaims.optional(),
    server: z.strictObject({ version: versionRange.optional(), region: text.optional() }).describe('a map').optional(),
    browsers: z
      .array(z.enum(['chromium', 'firefox', 'webkit']).describe('one of chromium, firefox, webkit'))
      // Who is in another one calls somebody there.
      .refine((browsers) => browsers.includes('chromium'))
      .describe(list('browsers, with chromium among them'))
      .optional(),
    budgets: z
      .strictObject({
        connectMs: milliseconds,
        firstFrameMs: milliseconds,
        lossPercent: percent,
        rttMs: milliseconds,
        jitterMs: milliseconds,
        freezePercent: percent,
      })
      .describe('a map')
      .optional(),
    agent: z
      .strictObject({
        name: text,
        joinWithin: joinTime.optional(),
        publishes: z.boolean().describe('true or false').optional(),
      })
      .describe('a map with name')
      .optional(),
    schedule: z
      .strictObject({ wire: period.optional(), peer: period.optional(), media: period.optional() })
      .describe(`a map with ${depths.join(', ')}`)
      .optional(),
  })
  .describe('a map');
export type EnvironmentEntry = z.infer<typeof environmentSchema>;

/** What every environment inherits. It is judged where it is inherited. */
const defaults = z
  .looseObject({
    extends: z.undefined().describe('nothing, as every environment has defaults below all else').optional(),
  })
  .describe('a map');

export const fileSchema = z
  .strictObject({
    defaults: defaults.optional(),
    environments: z.record(z.string(), z.unknown()).describe('a map from names to environments'),
  })
  .describe('a map with the key environments');

function isPeriod(ms: number | undefined): boolean {
  return ms !== undefined && ms >= 1000 && ms <= 86_400_000;
}

function isResolver(value: string): boolean {
  if (isIP(value)) return true;
  const [, v6, v4, number] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value) ?? [];
  const known = v6 === undefined ? isIP(v4 ?? '') === 4 : isIP(v6) === 6;
  return known && Number(number) >= 1 && Number(number) <= 65535;
}

/** `stun.example.com`, `192.0.2.1:3478`, `[2001:db8::1]:3478`. */
function isStunServer(value: string): boolean {
  const [, v6, name, number] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(value) ?? [];
  const known = v6 === undefined ? host.safeParse(name).success : isIP(v6) === 6;
  return known && (number === undefined || (Number(number) >= 1 && Number(number) <= 65535));
}

/** The schema of the value at a path below `schema`, without its `optional`; undefined where nothing is known. */
export function schemaAt(schema: unknown, path: PathInFile): z.ZodType | undefined {
  const inner = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  const [key, ...rest] = path;
  if (key === undefined) return inner instanceof z.ZodType ? inner : undefined;
  if (inner instanceof z.ZodUnion) {
    return inner.options.map((option) => schemaAt(option, path)).find((found) => found !== undefined);
  }
  if (inner instanceof z.ZodObject) return schemaAt(inner.shape[key], rest);
  if (inner instanceof z.ZodArray) return schemaAt(inner.element, rest);
  if (inner instanceof z.ZodRecord) return schemaAt(inner.valueType, rest);
  return undefined;
}
