/** Config maps and secrets of one namespace, each read once. */
import type { V1Secret } from '@kubernetes/client-node';
import type { Client } from './kubernetes-client.js';
import { changedAt } from './kubernetes-objects.js';

/** A config map or a secret, decoded. */
interface Held {
  readonly data: Readonly<Record<string, string>>;
  readonly changedAt?: string;
  /** As it came. */
  readonly secret?: V1Secret;
}

/** Each is read once. */
export interface Objects {
  get(kind: 'ConfigMap' | 'Secret', name: string): Promise<Held | undefined>;
  /** It was asked for, and is not there; undefined comes back where it may not be read, too. */
  isAbsent(kind: 'ConfigMap' | 'Secret', name: string): boolean;
}

export function remember(client: Client, namespace: string): Objects {
  const known = new Map<string, Promise<Held | undefined>>();
  const get = async (kind: 'ConfigMap' | 'Secret', name: string): Promise<Held | undefined> => {
    const what = `${kind} ${name}`;
    if (kind === 'ConfigMap') {
      const needs = `get configmaps, resourceNames: [${name}]`;
      const map = await client.read(what, needs, () => client.core.readNamespacedConfigMap({ name, namespace }));
      return map && withChange({ data: map.data ?? {} }, changedAt(map.metadata));
    }
    const needs = `get secrets, resourceNames: [${name}]`;
    const secret = await client.read(what, needs, () => client.core.readNamespacedSecret({ name, namespace }));
    const data = Object.entries(secret?.data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString(),
    ]);
    return secret && withChange({ data: Object.fromEntries(data), secret }, changedAt(secret.metadata));
  };
  return {
    get(kind, name) {
      const id = `${kind}/${name}`;
      const found = known.get(id) ?? get(kind, name);
      known.set(id, found);
      return found;
    },
    isAbsent: (kind, name) => client.unread.some((one) => one.what === `${kind} ${name}` && one.kind === 'absent'),
  };
}

export const withChange = <T extends object>(held: T, at: string | undefined): T & { changedAt?: string } => ({
  ...held,
  ...(at && { changedAt: at }),
});
