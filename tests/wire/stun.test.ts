/** The STUN codec, against the vectors of RFC 5769, against itself, and against whatever bytes there are. */
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import t from 'tap';
import {
  type Attribute,
  all,
  decode,
  encode,
  first,
  hasFingerprint,
  hasIntegrity,
  longTermKey,
  newTransactionId,
  type StunMessage,
  shortTermKey,
} from '../../wire/stun.js';

const bytes = (hex: string): Buffer => Buffer.from(hex.replace(/\s/g, ''), 'hex');
const plain = ({ transactionId, ...rest }: StunMessage) => ({ transactionId: transactionId.toString('hex'), ...rest });

const key = shortTermKey('VOkJxbRl1RmTxUk/WvJxBt');
const transactionId = 'b7e7a701bc34d686fa87dfae';

const vectors = {
  request: bytes(`
    00010058 2112a442 ${transactionId}
    80220010 5354554e207465737420636c69656e74
    00240004 6e0001ff
    80290008 932ff9b151263b36
    00060009 6576746a3a68367659202020
    00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2
    80280004 e57a3bcf`),
  answer4: bytes(`
    0101003c 2112a442 ${transactionId}
    8022000b 7465737420766563746f7220
    00200008 0001a147e112a643
    00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7
    80280004 c07d4c96`),
  answer6: bytes(`
    01010048 2112a442 ${transactionId}
    8022000b 7465737420766563746f7220
    00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9
    00080014 a382954e4be67bf11784c97c8292c275bfe3ed41
    80280004 c8fb0b4c`),
  longTerm: bytes(`
    00010060 2112a442 78ad3433c6ad72c029da412e
    00060012 e3839ee38388e383aae38383e382afe382b90000
    0015001c 662f2f3439396b39353464364f4c33346f4c39465354767936347341
    0014000b 6578616d706c652e6f726700
    00080014 f67024656dd64a3e02b8e0712e85c9a28ca89666`),
};

t.test('RFC 5769 §2.1: a request with short-term credentials', async (t) => {
  const message = decode(vectors.request) as StunMessage;
  t.same(plain(message), {
    class: 'request',
    method: 'binding',
    transactionId,
    attributes: [
      ['SOFTWARE', 'STUN test client'],
      ['PRIORITY', 0x6e0001ff],
      ['ICE-CONTROLLED', 0x932ff9b151263b36n],
      ['USERNAME', 'evtj:h6vY'],
    ],
  });
  t.ok(hasIntegrity(vectors.request, key));
  t.ok(hasFingerprint(vectors.request));
  t.notOk(hasIntegrity(vectors.request, shortTermKey('another')), 'another password does not fit');
});

t.test('RFC 5769 §2.2 and §2.3: answers over IPv4 and IPv6', async (t) => {
  for (const [vector, address] of [
    [vectors.answer4, '192.0.2.1'],
    [vectors.answer6, '2001:db8:1234:5678:11:2233:4455:6677'],
  ] as const) {
    const message = decode(vector) as StunMessage;
    t.match(plain(message), { class: 'success', method: 'binding' });
    t.same(first(message, 'XOR-MAPPED-ADDRESS'), { address, port: 32853 });
    t.same(first(message, 'SOFTWARE'), 'test vector');
    t.ok(hasIntegrity(vector, key));
    t.ok(hasFingerprint(vector));
  }
});

t.test('RFC 5769 §2.4: a request with long-term credentials', async (t) => {
  const message = decode(vectors.longTerm) as StunMessage;
  t.same(message.attributes, [
    ['USERNAME', 'マトリックス'],
    ['NONCE', Buffer.from('f//499k954d6OL34oL9FSTvy64sA')],
    ['REALM', 'example.org'],
  ]);
  t.ok(hasIntegrity(vectors.longTerm, longTermKey('マトリックス', 'example.org', 'TheMatrIX')));
  t.notOk(hasFingerprint(vectors.longTerm), 'it has none');
});

t.test('every changed bit is noticed', async (t) => {
  const protectedBytes = vectors.request.length - 8; // up to FINGERPRINT, which a repair could recompute
  for (let bit = 0; bit < protectedBytes * 8; bit++) {
    const changed = Buffer.from(vectors.request);
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
    if (hasIntegrity(changed, key) || hasFingerprint(changed)) t.fail(`bit ${bit} can be changed`);
  }
});

t.test('what follows MESSAGE-INTEGRITY is not believed', async (t) => {
  const forged = Buffer.concat([
    vectors.answer4.subarray(0, -8),
    bytes('00080000'),
    bytes('00200008 0001a147e112a644'),
  ]);
  forged.writeUInt16BE(forged.length - 20, 2);
  const message = decode(forged) as StunMessage;
  t.same(all(message, 'XOR-MAPPED-ADDRESS'), [{ address: '192.0.2.1', port: 32853 }]);
});

const address = fc.record({
  address: fc.oneof(
    fc.ipV4(),
    fc.uint8Array({ minLength: 16, maxLength: 16 }).map((raw) => ipaddr.fromByteArray([...raw]).toString()),
  ),
  port: fc.integer({ min: 0, max: 65_535 }),
});
const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });
const raw = fc.uint8Array({ maxLength: 100 }).map((value) => Buffer.from(value));
const named = <N extends Attribute[0]>(name: N, value: fc.Arbitrary<unknown>): fc.Arbitrary<Attribute> =>
  value.map((value) => [name, value] as unknown as Attribute);
const error = fc.record({ code: fc.integer({ min: 300, max: 699 }), reason: text });

const attribute: fc.Arbitrary<Attribute> = fc.oneof(
  named('MAPPED-ADDRESS', address),
  named('USERNAME', text),
  named('ERROR-CODE', error),
  named('UNKNOWN-ATTRIBUTES', fc.array(uint(16), { maxLength: 8 })),
  named('CHANNEL-NUMBER', uint(16)),
  named('LIFETIME', uint(32)),
  named('XOR-PEER-ADDRESS', address),
  named('DATA', raw),
  named('REALM', text),
  named('NONCE', raw),
  named('XOR-RELAYED-ADDRESS', address),
  named('REQUESTED-ADDRESS-FAMILY', fc.constantFrom(4, 6)),
  named('REQUESTED-TRANSPORT', uint(8)),
  named('XOR-MAPPED-ADDRESS', address),
  named('PRIORITY', uint(32)),
  named('USE-CANDIDATE', fc.constant(true)),
  named('SOFTWARE', text),
  named('ALTERNATE-SERVER', address),
  named('ICE-CONTROLLED', fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  named('ICE-CONTROLLING', fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  // PADDING (RFC 5780 §7.6) and one that nobody has defined.
  fc.tuple(fc.constantFrom(0x0026, 0xfff0), raw),
);

const message: fc.Arbitrary<StunMessage> = fc.record({
  class: fc.constantFrom('request', 'indication', 'success', 'error'),
  method: fc.oneof(
    fc.constantFrom('binding', 'allocate', 'refresh', 'send', 'data', 'createPermission', 'channelBind'),
    // Methods without a name here.
    fc.integer({ min: 0x010, max: 0xfff }),
  ),
  transactionId: fc.uint8Array({ minLength: 12, maxLength: 12 }).map((value) => Buffer.from(value)),
  attributes: fc.array(attribute, { maxLength: 12 }),
});

t.test('whatever is encoded decodes to the same, sealed or not', async (t) => {
  fc.assert(
    fc.property(message, fc.boolean(), fc.boolean(), (sent, sealed, fingerprint) => {
      const encoded = encode(sent, { ...(sealed && { integrityKey: key }), fingerprint });
      const received = decode(encoded);
      t.same(received, sent);
      if (hasIntegrity(encoded, key) !== sealed || hasFingerprint(encoded) !== fingerprint) throw new Error('seal');
    }),
    { numRuns: 300 },
  );
});

t.test('bytes of any kind give a message or undefined, never an exception', async () => {
  const mutated = fc
    .tuple(message, fc.array(fc.tuple(fc.nat(), uint(8)), { maxLength: 6 }), fc.nat())
    .map(([sent, changes, cut]) => {
      const encoded = encode(sent, { integrityKey: key, fingerprint: true });
      for (const [at, value] of changes) encoded[at % encoded.length] = value;
      return encoded.subarray(0, encoded.length - (cut % 7 === 0 ? cut % encoded.length : 0));
    });
  const random = fc.uint8Array({ maxLength: 200 }).map((value) => Buffer.from(value));
  fc.assert(
    fc.property(fc.oneof(mutated, random), (any) => {
      const received = decode(any);
      hasIntegrity(any, key);
      hasFingerprint(any);
      // What was read can be written again.
      if (received) encode(received);
    }),
    { numRuns: 1000 },
  );
});

t.test('what is no STUN message, and why', async (t) => {
  const good = vectors.answer4;
  const change = (at: number, value: number): Buffer => {
    const changed = Buffer.from(good);
    changed[at] = value;
    return changed;
  };
  const cases: Record<string, Buffer> = {
    nothing: Buffer.alloc(0),
    'half a header': good.subarray(0, 12),
    'another cookie': change(4, 0x22),
    'the first two bits are not zero': change(0, 0x81),
    'shorter than it says': good.subarray(0, -4),
    'longer than it says': Buffer.concat([good, Buffer.alloc(4)]),
    'an attribute that goes past the end': change(22, 0xff),
    HTTP: Buffer.from('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'),
  };
  for (const [what, wrong] of Object.entries(cases)) t.equal(decode(wrong), undefined, what);
});

t.test('a known attribute of another shape stays as number and bytes', async (t) => {
  const odd: readonly Attribute[] = [
    [0x0020, bytes('0003a147e112a643')],
    [0x000d, bytes('0001')],
    [0x0009, bytes('00000263')],
    [0x8029, bytes('01')],
    [0x0017, bytes('09000000')],
    [0x000a, bytes('010203')],
    [0x0025, bytes('00')],
  ];
  const sent: StunMessage = { class: 'error', method: 'allocate', transactionId: newTransactionId(), attributes: odd };
  t.same(decode(encode(sent))?.attributes, odd);
});

t.test('a value that its field cannot hold is the mistake of the caller', async (t) => {
  const base = { class: 'request', method: 'binding', transactionId: newTransactionId() } as const;
  t.throws(() => encode({ ...base, attributes: [['LIFETIME', 2 ** 32]] }), RangeError);
  t.throws(() => encode({ ...base, attributes: [['DATA', Buffer.alloc(65_536)]] }), RangeError);
});
