/** What the cluster holds of API keys: their names, and whether they are those of the environment. Never their values. */
import { scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { ClusterKeysFacts } from '../evidence/facts.js';
import { type Keys, parseKeys } from './kubernetes-config.js';
import type { ReadOrder } from './kubernetes-protocol.js';

const derive = promisify(scrypt) as (password: string, salt: string, bytes: number) => Promise<Buffer>;

export interface KeyHolder {
  readonly kind: 'ConfigMap' | 'Secret' | 'Deployment';
  readonly name: string;
  readonly keys: Keys;
  readonly changedAt?: string;
}

/**
 * From the data of a secret: a file of keys under one of its entries, or an entry for the key and one for the secret, as
 * secret stores like to have them (`LIVEKIT_API_KEY`, `LIVEKIT_API_SECRET`).
 */
export function keysIn(data: Readonly<Record<string, string>>, entry?: string): Keys {
  const chosen = entry !== undefined && data[entry] !== undefined ? { [entry]: data[entry] } : data;
  const files = Object.values(chosen).flatMap((text) => [...parseKeys(text)]);
  if (files.length > 0) return new Map(files);
  const entryLike = (name: RegExp): string | undefined => Object.entries(data).find(([key]) => name.test(key))?.[1];
  const key = entryLike(/api[-_.]?key$/i)?.trim();
  const value = entryLike(/api[-_.]?secret$/i)?.trim();
  return new Map(key && value ? [[key, value]] : []);
}

/**
 * The hash takes 50 ms and is salted with the object's name, so that nobody finds short secrets by trying. It is of what
 * is there in any order.
 */
export async function keysFacts(holder: KeyHolder, order: ReadOrder): Promise<ClusterKeysFacts> {
  const { kind, name, keys, changedAt } = holder;
  const { apiKey, apiSecret } = order;
  const canonical = JSON.stringify([...keys].sort(([a], [b]) => (a < b ? -1 : 1)));
  const hash = (await derive(canonical, `livekit-doctor ${order.namespace}/${name}`, 16)).toString('hex');
  const theirs = apiKey === undefined ? undefined : keys.get(apiKey);
  return {
    heldBy: `${kind} ${name}`,
    names: [...keys.keys()].slice(0, 20),
    hash,
    ...(apiKey !== undefined && { known: theirs !== undefined }),
    ...(theirs !== undefined && apiSecret !== undefined && { same: isSame(theirs, apiSecret) }),
    ...(changedAt && { changedAt }),
  };
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
