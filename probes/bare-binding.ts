/** STUN as anybody may use it. */
import { decode, encode, first, newTransactionId } from '../wire/stun.js';
import type { Answer } from './binding-check.js';

/** A Binding request without credentials, as STUN servers and TURN servers answer it (RFC 8489 §6.3.1). */
export function bareRequests(now: () => number) {
  const sentAt = new Map<string, { readonly ms: number; readonly number: number }>();
  return {
    request(): Buffer {
      const transactionId = newTransactionId();
      sentAt.set(transactionId.toString('hex'), { ms: now(), number: sentAt.size + 1 });
      return encode({ class: 'request', method: 'binding', transactionId, attributes: [] }, { fingerprint: true });
    },
    receive(bytes: Buffer): { answer: Answer } | undefined {
      const message = decode(bytes);
      const at = message && sentAt.get(message.transactionId.toString('hex'));
      if (!message || at === undefined || message.method !== 'binding') return undefined;
      const which = { rttMs: now() - at.ms, number: at.number };
      if (message.class === 'error')
        return { answer: { ...which, errorCode: first(message, 'ERROR-CODE')?.code ?? 0 } };
      const mapped = first(message, 'XOR-MAPPED-ADDRESS') ?? first(message, 'MAPPED-ADDRESS');
      return message.class === 'success' ? { answer: { ...which, ...(mapped && { mapped }) } } : undefined;
    },
  };
}
