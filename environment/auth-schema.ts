/** `auth` in `livekit-doctor.yaml`: the ways to come to tokens. Described as `schema.ts` describes. */
import { z } from 'zod';
import { durationMs } from './duration.js';
import { isPath } from './token-answer.js';
import { grantNames } from './token-claims.js';
import { endpointMs } from './token-endpoint.js';
import { placeholders } from './token-request.js';

const text = z.string().min(1).describe('a text that is not empty');

const endpointUrl = 'a URL like https://app.example.com/api/token, without credentials and fragment';
const endpoint = z.string().refine(isEndpoint).describe(endpointUrl);

// RFC 9110 §5.1 and §5.5. A line break at the end, as of a file that was read, is the usual mistake.
const headers = z
  .record(
    z
      .string()
      .regex(/^[\w!#$%&'*+.^`|~-]+$/)
      .describe('names of HTTP headers'),
    text.regex(/^[\t\x20-\x7e\x80-\xff]*$/).describe('a text of one line'),
  )
  .describe('a map from names of HTTP headers to texts');

/** JSON, in which an unquoted `{room}` is a map with the key `room` and no value. */
const body = z
  .unknown()
  .refine((value) => (typeof value === 'string' ? value !== '' : isMap(value)))
  .superRefine((value, context) => {
    for (const { path, name } of bare(value)) {
      const message = `${name} in braces is a map without quotes: write "{${name}}"`;
      context.addIssue({ code: 'custom', path: [...path], message, params: { whole: true } });
    }
  })
  .describe('a map to send as JSON, or a text');

const place = z.string().refine(isPath).describe('a path in the answer, like data.token or /data/token');

const answerTime = z
  .string()
  .refine((value) => (durationMs(value) ?? 0) >= 1 && (durationMs(value) ?? 0) <= endpointMs)
  .describe(`a duration like 500ms, at most ${endpointMs / 1000}s`);

const lifetime = z
  .string()
  .refine((value) => (durationMs(value) ?? 0) >= 1000)
  .describe('a duration like 15m or 6h');

const methods = ['POST', 'GET', 'PUT', 'PATCH'] as const;

const tokenEndpoint = z
  .union([
    endpoint,
    z
      .strictObject({
        url: endpoint,
        method: z
          .enum(methods)
          .describe(`one of ${methods.join(', ')}`)
          .optional(),
        headers: headers.optional(),
        body: body.optional(),
        token: place.optional(),
        serverUrl: place.optional(),
        answerWithin: answerTime.optional(),
      })
      .refine(({ method, body: content }) => method !== 'GET' || content === undefined, {
        error: 'GET has no body: put {room} and {identity} into url',
        params: { whole: true },
      })
      .describe('a map with url'),
  ])
  .describe(`${endpointUrl}, or a map with url`);

export const authSchema = z
  .strictObject({
    apiKey: text.optional(),
    apiSecret: text.optional(),
    tokenEndpoint: tokenEndpoint.optional(),
    headers: headers.optional(),
    token: text.optional(),
    project: text.optional(),
    maxTtl: lifetime.optional(),
    mayGrant: z
      .array(z.enum(grantNames).describe(`one of ${grantNames.join(', ')}`))
      .describe('a list of grants')
      .optional(),
  })
  .refine(isWhole, {
    error: 'expected either apiKey and apiSecret, or tokenEndpoint (with headers), or token, or project',
  })
  .refine(({ tokenEndpoint: one, headers: beside }) => beside === undefined || typeof one !== 'object', {
    error: 'headers belong in tokenEndpoint, beside url',
  })
  .refine(({ tokenEndpoint: one, token, ...others }) => Boolean(one ?? token) || !judgesTokens(others), {
    error: 'maxTtl and mayGrant are about tokens that are not made here: they need tokenEndpoint or token',
  })
  .describe('a map with apiKey and apiSecret, with tokenEndpoint, with token, or with project');
export type AuthEntry = z.infer<typeof authSchema>;

function isEndpoint(value: string): boolean {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') return false;
  return url.username === '' && url.password === '' && url.hash === '';
}

/** One way to come to a token, all of it, and nothing of the others. */
function isWhole(given: object): boolean {
  const ways = Object.keys(given).filter((key) => !['maxTtl', 'mayGrant'].includes(key));
  return ['apiKey apiSecret', 'headers tokenEndpoint', 'project', 'token', 'tokenEndpoint'].includes(
    ways.sort().join(' '),
  );
}

function judgesTokens({ maxTtl, mayGrant }: { maxTtl?: unknown; mayGrant?: unknown }): boolean {
  return maxTtl !== undefined || mayGrant !== undefined;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type Bare = { readonly path: readonly (string | number)[]; readonly name: string };

/** Where a placeholder stands without quotes. */
function bare(value: unknown, path: readonly (string | number)[] = []): Bare[] {
  if (Array.isArray(value)) return value.flatMap((inner, i) => bare(inner, [...path, i]));
  if (!isMap(value)) return [];
  const entries = Object.entries(value);
  const [[name, inner] = ['', undefined]] = entries;
  if (entries.length === 1 && inner === null && placeholders.includes(name)) return [{ path, name }];
  return entries.flatMap(([key, one]) => bare(one, [...path, key]));
}
