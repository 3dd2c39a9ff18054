/** STUN and its framing over TCP, held against werift's own code for them: what either writes, the other reads to the same. */
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import t from 'tap';
import {
  encodeTcpFrame,
  Message,
  parseMessage,
  splitTcpFrames,
  classes as theirClasses,
  methods as theirMethods,
} from 'werift-ice';
import { frame, iceTcpDeframer } from '../../wire/framing.js';
import { decode, encode, hasFingerprint, hasIntegrity, type StunMessage, shortTermKey } from '../../wire/stun.js';
import type { AttributeName, AttributeValues, TransportAddress } from '../../wire/stun-attributes.js';

const key = shortTermKey('a password of 22 chars');
const runs = { numRuns: 500 };

const methods = {
  binding: theirMethods.BINDING,
  allocate: theirMethods.ALLOCATE,
  refresh: theirMethods.REFRESH,
  send: theirMethods.SEND,
  data: theirMethods.DATA,
  createPermission: theirMethods.CREATE_PERMISSION,
  channelBind: theirMethods.CHANNEL_BIND,
} as const;
const classes = {
  request: theirClasses.REQUEST,
  indication: theirClasses.INDICATION,
  success: theirClasses.RESPONSE,
  error: theirClasses.ERROR,
} as const;

/** How a value of ours is one of theirs. */
interface Translation<T> {
  readonly ours: fc.Arbitrary<T>;
  theirs(value: T): unknown;
}
const as = <T>(ours: fc.Arbitrary<T>, theirs: (value: T) => unknown = (value) => value): Translation<T> => ({
  ours,
  theirs,
});

const ip = fc.oneof(
  fc.ipV4(),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((raw) => ipaddr.fromByteArray([...raw]).toString()),
);
const address = as(
  fc.record({ address: ip, port: fc.integer({ min: 0, max: 65_535 }) }),
  ({ address, port }: TransportAddress) => [address, port],
);
const text = as(fc.string({ unit: 'grapheme', maxLength: 60 }));
const bytes = as(fc.uint8Array({ maxLength: 100 }).map((value) => Buffer.from(value)));
const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });
const wide = as(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));

const translations: { readonly [N in AttributeName]: Translation<AttributeValues[N]> } = {
  'MAPPED-ADDRESS': address,
  USERNAME: text,
  'ERROR-CODE': as(fc.record({ code: fc.integer({ min: 300, max: 699 }), reason: text.ours }), ({ code, reason }) => [
    code,
    reason,
  ]),
  'UNKNOWN-ATTRIBUTES': as(fc.array(uint(16), { maxLength: 8 })),
  'CHANNEL-NUMBER': as(uint(16)),
  LIFETIME: as(uint(32)),
  'XOR-PEER-ADDRESS': address,
  DATA: bytes,
  REALM: text,
  NONCE: bytes,
  'XOR-RELAYED-ADDRESS': address,
  // Theirs are the four bytes, of which the last three are reserved.
  'REQUESTED-ADDRESS-FAMILY': as(fc.constantFrom(4, 6), (family) => (family === 4 ? 1 : 2) * 2 ** 24),
  'REQUESTED-TRANSPORT': as(uint(8), (protocol) => protocol * 2 ** 24),
  'XOR-MAPPED-ADDRESS': address,
  PRIORITY: as(uint(32)),
  'USE-CANDIDATE': as(fc.constant(true as const), () => null),
  SOFTWARE: text,
  'ALTERNATE-SERVER': address,
  'ICE-CONTROLLED': wide,
  'ICE-CONTROLLING': wide,
};

interface Pair {
  readonly ours: StunMessage;
  readonly theirs: Message;
}

const attribute = fc
  .constantFrom(...(Object.keys(translations) as AttributeName[]))
  .chain((name) => fc.tuple(fc.constant(name), translations[name].ours as fc.Arbitrary<unknown>));

/** The same message, as each of the two has it. In theirs no attribute is there twice. */
const pair: fc.Arbitrary<Pair> = fc
  .record({
    class: fc.constantFrom(...(Object.keys(classes) as (keyof typeof classes)[])),
    method: fc.constantFrom(...(Object.keys(methods) as (keyof typeof methods)[])),
    transactionId: fc.uint8Array({ minLength: 12, maxLength: 12 }).map((value) => Buffer.from(value)),
    attributes: fc.uniqueArray(attribute, { maxLength: 12, selector: ([name]) => name }),
  })
  .map(({ attributes, ...head }) => {
    const translated = attributes.map(([name, value]) => [name, translations[name].theirs(value as never)]);
    return {
      ours: { ...head, attributes } as unknown as StunMessage,
      theirs: new Message(methods[head.method], classes[head.class], head.transactionId, translated as never),
    };
  });

/** Theirs, in a form in which it does not matter how an IPv6 address is written. */
function plain(message: Message): object {
  const { messageMethod, messageClass, transactionId } = message;
  const attributes = message
    .getAttributes()
    .filter(([name]) => name !== 'FINGERPRINT' && name !== 'MESSAGE-INTEGRITY')
    .map(([name, value]) => [
      name,
      Array.isArray(value) && typeof value[0] === 'string' ? [ipaddr.parse(value[0]).toString(), value[1]] : value,
    ]);
  return { messageMethod, messageClass, transactionId, attributes };
}

t.test('what we write it reads, and finds sealed', async (t) => {
  fc.assert(
    fc.property(pair, fc.boolean(), fc.boolean(), ({ ours, theirs }, sealed, fingerprint) => {
      const written = encode(ours, { ...(sealed && { integrityKey: key }), fingerprint });
      const read = parseMessage(written, sealed ? key : undefined);
      t.same(read && plain(read), plain(theirs));
      if (!sealed && parseMessage(written, key)) throw new Error('it takes for sealed what is not');
    }),
    runs,
  );
});

t.test('what it writes we read, and find sealed', async (t) => {
  fc.assert(
    fc.property(pair, fc.boolean(), fc.boolean(), ({ ours, theirs }, sealed, fingerprint) => {
      if (sealed) theirs.addMessageIntegrity(key);
      if (fingerprint) theirs.addFingerprint();
      const written = theirs.bytes;
      t.same(decode(written), ours);
      if (hasIntegrity(written, key) !== sealed || hasFingerprint(written) !== fingerprint) throw new Error('seal');
    }),
    runs,
  );
});

t.test('a stream that either frames the other cuts into the same', async (t) => {
  fc.assert(
    fc.property(fc.array(pair, { minLength: 1, maxLength: 5 }), (pairs) => {
      const messages = pairs.map(({ ours }) => encode(ours));
      t.same(splitTcpFrames(Buffer.concat(messages.map(frame))), { frames: messages, rest: Buffer.alloc(0) });
      t.same(iceTcpDeframer().push(Buffer.concat(messages.map(encodeTcpFrame))), messages);
    }),
    runs,
  );
});
