/** The attributes of STUN, TURN and ICE: one line per attribute in `table`, one small codec per shape of value. */
import ipaddr from 'ipaddr.js';

/** An IP address without brackets or zone, and a port. */
export interface TransportAddress {
  readonly address: string;
  readonly port: number;
}

export interface StunError {
  /** 300 to 699. */
  readonly code: number;
  readonly reason: string;
}

/** What each attribute carries once it is decoded. */
export interface AttributeValues {
  'MAPPED-ADDRESS': TransportAddress;
  USERNAME: string;
  'ERROR-CODE': StunError;
  'UNKNOWN-ATTRIBUTES': readonly number[];
  'CHANNEL-NUMBER': number;
  /** Seconds. */
  LIFETIME: number;
  'XOR-PEER-ADDRESS': TransportAddress;
  DATA: Buffer;
  REALM: string;
  /** Opaque: it has to go back as it came, so it is never made into text. */
  NONCE: Buffer;
  'XOR-RELAYED-ADDRESS': TransportAddress;
  'REQUESTED-ADDRESS-FAMILY': 4 | 6;
  /** IANA protocol number, 17 for UDP. */
  'REQUESTED-TRANSPORT': number;
  'XOR-MAPPED-ADDRESS': TransportAddress;
  PRIORITY: number;
  'USE-CANDIDATE': true;
  SOFTWARE: string;
  'ALTERNATE-SERVER': TransportAddress;
  'ICE-CONTROLLED': bigint;
  'ICE-CONTROLLING': bigint;
}
export type AttributeName = keyof AttributeValues;

export const magicCookie = 0x2112a442;

/** `decode` gives undefined for a value that is not of this shape, and never throws. */
interface Codec<T> {
  encode(value: T, transactionId: Buffer): Buffer;
  decode(bytes: Buffer, transactionId: Buffer): T | undefined;
}

const text: Codec<string> = {
  encode: (value) => Buffer.from(value, 'utf8'),
  decode: (bytes) => bytes.toString('utf8'),
};

const opaque: Codec<Buffer> = {
  encode: (value) => value,
  decode: (bytes) => Buffer.from(bytes),
};

const uint32: Codec<number> = {
  encode(value) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  },
  decode: (bytes) => (bytes.length === 4 ? bytes.readUInt32BE() : undefined),
};

const uint64: Codec<bigint> = {
  encode(value) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(value);
    return bytes;
  },
  decode: (bytes) => (bytes.length === 8 ? bytes.readBigUInt64BE() : undefined),
};

/** A number at the start of four bytes, the rest reserved. */
const padded = (width: 1 | 2): Codec<number> => ({
  encode(value) {
    const bytes = Buffer.alloc(4);
    bytes.writeUIntBE(value, 0, width);
    return bytes;
  },
  decode: (bytes) => (bytes.length === 4 ? bytes.readUIntBE(0, width) : undefined),
});

const flag: Codec<true> = {
  encode: () => Buffer.alloc(0),
  decode: (bytes) => (bytes.length === 0 ? true : undefined),
};

/** RFC 8656 §18.6. */
const family: Codec<4 | 6> = {
  encode: (value) => Buffer.from([value === 4 ? 1 : 2, 0, 0, 0]),
  decode: (bytes) => (bytes.length !== 4 ? undefined : bytes[0] === 1 ? 4 : bytes[0] === 2 ? 6 : undefined),
};

/** RFC 8489 §14.8. */
const errorCode: Codec<StunError> = {
  encode: ({ code, reason }) =>
    Buffer.concat([Buffer.from([0, 0, Math.floor(code / 100), code % 100]), Buffer.from(reason, 'utf8')]),
  decode(bytes) {
    if (bytes.length < 4) return undefined;
    const hundreds = (bytes[2] as number) & 7;
    const rest = bytes[3] as number;
    if (hundreds < 3 || hundreds > 6 || rest > 99) return undefined;
    return { code: hundreds * 100 + rest, reason: bytes.toString('utf8', 4) };
  },
};

const uint16List: Codec<readonly number[]> = {
  encode(values) {
    const bytes = Buffer.alloc(values.length * 2);
    for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2);
    return bytes;
  },
  decode(bytes) {
    if (bytes.length % 2 !== 0) return undefined;
    return Array.from({ length: bytes.length / 2 }, (_, index) => bytes.readUInt16BE(index * 2));
  },
};

function xorWith(mask: Buffer, bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte, index) => byte ^ (mask[index] as number)));
}

/** RFC 8489 §14.1, and §14.2 for the masked form. */
const transportAddress = (masked: boolean): Codec<TransportAddress> => {
  const mask = (transactionId: Buffer): Buffer => {
    if (!masked) return Buffer.alloc(16);
    const cookie = Buffer.alloc(4);
    cookie.writeUInt32BE(magicCookie);
    return Buffer.concat([cookie, transactionId]);
  };
  return {
    encode({ address, port }, transactionId) {
      const ip = Buffer.from(ipaddr.parse(address).toByteArray());
      const head = Buffer.alloc(4);
      head[1] = ip.length === 4 ? 1 : 2;
      head.writeUInt16BE(port, 2);
      const key = mask(transactionId);
      return Buffer.concat([head.subarray(0, 2), xorWith(key, head.subarray(2)), xorWith(key, ip)]);
    },
    decode(bytes, transactionId) {
      const length = bytes[1] === 1 ? 4 : bytes[1] === 2 ? 16 : 0;
      if (length === 0 || bytes.length !== 4 + length) return undefined;
      const key = mask(transactionId);
      return {
        address: ipaddr.fromByteArray([...xorWith(key, bytes.subarray(4))]).toString(),
        port: xorWith(key, bytes.subarray(2, 4)).readUInt16BE(),
      };
    },
  };
};

const plainAddress = transportAddress(false);
const xorAddress = transportAddress(true);

/** IANA "STUN Attributes": number and shape. MESSAGE-INTEGRITY and FINGERPRINT are the envelope's, in `stun.ts`. */
const table: { readonly [N in AttributeName]: readonly [number: number, codec: Codec<AttributeValues[N]>] } = {
  'MAPPED-ADDRESS': [0x0001, plainAddress],
  USERNAME: [0x0006, text],
  'ERROR-CODE': [0x0009, errorCode],
  'UNKNOWN-ATTRIBUTES': [0x000a, uint16List],
  'CHANNEL-NUMBER': [0x000c, padded(2)],
  LIFETIME: [0x000d, uint32],
  'XOR-PEER-ADDRESS': [0x0012, xorAddress],
  DATA: [0x0013, opaque],
  REALM: [0x0014, text],
  NONCE: [0x0015, opaque],
  'XOR-RELAYED-ADDRESS': [0x0016, xorAddress],
  'REQUESTED-ADDRESS-FAMILY': [0x0017, family],
  'REQUESTED-TRANSPORT': [0x0019, padded(1)],
  'XOR-MAPPED-ADDRESS': [0x0020, xorAddress],
  PRIORITY: [0x0024, uint32],
  'USE-CANDIDATE': [0x0025, flag],
  SOFTWARE: [0x8022, text],
  'ALTERNATE-SERVER': [0x8023, plainAddress],
  'ICE-CONTROLLED': [0x8029, uint64],
  'ICE-CONTROLLING': [0x802a, uint64],
};

const nameOf = new Map(Object.entries(table).map(([name, [number]]) => [number, name as AttributeName]));

/** `[name, value]`, or `[number, bytes]` for one that is not in the table or whose value does not have its shape. */
export type Attribute =
  | { [N in AttributeName]: readonly [name: N, value: AttributeValues[N]] }[AttributeName]
  | readonly [number: number, value: Buffer];

export function encodeAttribute([type, value]: Attribute, transactionId: Buffer): { number: number; value: Buffer } {
  if (typeof type === 'number') return { number: type, value };
  const [number, codec] = table[type] as readonly [number, Codec<unknown>];
  return { number, value: codec.encode(value, transactionId) };
}

export function decodeAttribute(number: number, bytes: Buffer, transactionId: Buffer): Attribute {
  const name = nameOf.get(number);
  const value = name && table[name][1].decode(bytes, transactionId);
  return value === undefined ? [number, Buffer.from(bytes)] : ([name, value] as unknown as Attribute);
}
