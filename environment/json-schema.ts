/**
 * The JSON Schema of `livekit-doctor.yaml`, for editors, and the table of its keys. `npm run schema` writes both, into
 * `livekit-doctor.schema.json` and docs/configuration.md. The last word has `schema.ts`: what a text must look like, or
 * what fits together, is only said there.
 */
import { z } from 'zod';
import { keyReference } from './reference.js';
import { environmentSchema, schemaAt } from './schema.js';

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  type?: string;
  anyOf?: JsonSchema[];
  description?: string;
  [keyword: string]: unknown;
}

/** Of draft 7, which the editors know. Every key may be inherited, so none is required. */
export function configurationJsonSchema(): object {
  // What is used in several places is written there anew, for each key to have words of its own.
  const plain = z.toJSONSchema(environmentSchema, { io: 'input', target: 'draft-7', reused: 'inline' });
  const { $schema, ...environment } = JSON.parse(JSON.stringify(plain)) as JsonSchema;
  return {
    $schema,
    title: 'livekit-doctor.yaml',
    description: 'The LiveKit deployments to check, and what should hold there.',
    type: 'object',
    properties: {
      defaults: {
        type: 'object',
        allOf: [{ $ref: '#/definitions/environment' }],
        not: { type: 'object', required: ['extends'] },
        description: 'What every environment inherits. Maps are merged key by key, all else is replaced.',
      },
      environments: {
        type: 'object',
        minProperties: 1,
        additionalProperties: { $ref: '#/definitions/environment' },
        description: 'By the names that the command line takes.',
      },
    },
    required: ['environments'],
    additionalProperties: false,
    definitions: {
      environment: { ...described(environment, []), description: 'One deployment.' },
      variable: {
        type: 'string',
        pattern: '\\$\\{[A-Za-z_]\\w*(:-[^{}]*)?\\}',
      },
    },
  };
}

function described(schema: JsonSchema, path: readonly string[]): JsonSchema {
  const { meaning, usually, example } = keyReference[path.join('.')] ?? {};
  const expected = schemaAt(environmentSchema, path)?.description;
  const words = [meaning, expected && !schema.properties && `Expected: ${expected}.`, example && `Example: ${example}`];
  const description = words.filter(Boolean).join('\n\n');
  return {
    ...orVariable(withWords(schema, path)),
    ...(usually !== undefined && { default: usually }),
    ...(description && { description }),
  };
}

/** With the words of the keys in it. */
function withWords(
  { required: _, properties, items, anyOf, ...schema }: JsonSchema,
  path: readonly string[],
): JsonSchema {
  const inner = Object.entries(properties ?? {}).map(([key, one]) => [key, described(one, [...path, key])]);
  return {
    ...schema,
    ...(properties && { properties: Object.fromEntries(inner) }),
    ...(items && { items: orVariable(items) }),
    ...(anyOf && { anyOf: anyOf.map((one) => withWords(one, path)) }),
  };
}

/** A number, a word of several, or a text of some form may come out of a variable as well. */
function orVariable({ description: _, ...schema }: JsonSchema): JsonSchema {
  const isAnyText = schema.type === 'string' && !schema.pattern && !schema.enum;
  const isAnything = schema.type === undefined && !schema.anyOf;
  if (isAnyText || isAnything || schema.type === 'object' || schema.type === 'array') return schema;
  return { anyOf: [...(schema.anyOf ?? [schema]), { $ref: '#/definitions/variable' }] };
}

/** Every key of an environment with those above it, `media.udp`, in the order of the schema. */
export function keysOf(schema: unknown = environmentSchema, above: readonly string[] = []): string[] {
  const found = schemaAt(schema, []);
  if (found instanceof z.ZodUnion) return found.options.flatMap((option) => keysOf(option, above));
  if (!(found instanceof z.ZodObject)) return [];
  return Object.entries(found.shape).flatMap(([key, inner]) => {
    const path = [...above, key];
    return [path.join('.'), ...keysOf(inner, path)];
  });
}

const begin = '<!-- keys: npm run schema -->\n';
const end = '<!-- end of keys -->\n';

/** A page in Markdown with the tables of all keys between its two marks, one for each key at the top. */
export function withKeyTables(page: string): string {
  const [before, after] = [page.indexOf(begin) + begin.length, page.indexOf(end)];
  const keys = keysOf();
  const tables = keys
    .filter((key) => !key.includes('.'))
    .map((group) => {
      const rows = keys.filter((key) => key === group || key.startsWith(`${group}.`)).map(row);
      return [`### ${group}`, '', ...head, ...rows, ''].join('\n');
    });
  return `${page.slice(0, before)}\n${tables.join('\n')}\n${page.slice(after)}`;
}

const head = ['| key | what it means | expected | if absent | example |', '| --- | --- | --- | --- | --- |'];

function row(key: string): string {
  const { meaning = '', otherwise = '', example = '' } = keyReference[key] ?? {};
  const expected = schemaAt(environmentSchema, key.split('.'))?.description ?? '';
  const cells = [`\`${key}\``, meaning, expected, otherwise, `\`${example}\``];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
