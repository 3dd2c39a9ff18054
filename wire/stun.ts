/**
 * STUN messages (RFC 8489), with what TURN (RFC 8656) and ICE (RFC 8445) add. The decoder is total: bytes that are no
 * STUN message give undefined, an attribute that cannot be read stays as number and bytes, and nothing throws.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  type Attribute,
  type AttributeName,
  type AttributeValues,
  decodeAttribute,
  encodeAttribute,
  magicCookie,
} from './stun-attributes.js';

export type { Attribute, TransportAddress } from './stun-attributes.js';

const methods = {
  binding: 0x001,
  allocate: 0x003,
  refresh: 0x004,
  send: 0x006,
  data: 0x007,
  createPermission: 0x008,
  channelBind: 0x009,
} as const;
export type Method = keyof typeof methods;
const methodNames = new Map<number, Method>(Object.entries(methods).map(([name, number]) => [number, name as Method]));

const classes = ['request', 'indication', 'success', 'error'] as const;
export type MessageClass = (typeof classes)[number];

export interface StunMessage {
  readonly class: MessageClass;
  /** A number where this codec has no name for it. */
  readonly method: Method | number;
  /** 12 bytes. */
  readonly transactionId: Buffer;
  /** In order, up to MESSAGE-INTEGRITY: what follows it is not protected and is ignored (RFC 8489 §14.5). */
  readonly attributes: readonly Attribute[];
}

export interface Envelope {
  /** Key of MESSAGE-INTEGRITY, which is left out without it. */
  readonly integrityKey?: Buffer;
  /** FINGERPRINT, which ICE wants (RFC 8445 §7.1). */
  readonly fingerprint?: boolean;
}

const headerBytes = 20;
const messageIntegrity = 0x0008;
const fingerprint = 0x8028;
const fingerprintMask = 0x5354554e;

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 255] as number);
  return (crc ^ 0xffffffff) >>> 0;
}

/** The message up to `end`, as if it ended after one more attribute of `valueBytes` (RFC 8489 §14.5, §14.7). */
function upTo(message: Buffer, end: number, valueBytes: number): Buffer {
  const part = Buffer.from(message.subarray(0, end));
  part.writeUInt16BE(end - headerBytes + 4 + valueBytes, 2);
  return part;
}

const hmac = (key: Buffer, bytes: Buffer): Buffer => createHmac('sha1', key).update(bytes).digest();
const fingerprintOf = (bytes: Buffer): number => (crc32(bytes) ^ fingerprintMask) >>> 0;

/** Type, length, value and zeros up to a multiple of four. */
function attributeBytes(number: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
  bytes.writeUInt16BE(number, 0);
  bytes.writeUInt16BE(value.length, 2);
  value.copy(bytes, 4);
  return bytes;
}

/** Where the attributes stand, or undefined where `bytes` is no STUN message from its first to its last byte. */
function layout(bytes: Buffer): { number: number; at: number; value: Buffer }[] | undefined {
  if (bytes.length < headerBytes || (bytes[0] as number) > 0x3f) return undefined;
  if (bytes.readUInt32BE(4) !== magicCookie || bytes.length !== headerBytes + bytes.readUInt16BE(2)) return undefined;
  if (bytes.length % 4 !== 0) return undefined;
  const found: { number: number; at: number; value: Buffer }[] = [];
  for (let at = headerBytes; at < bytes.length; ) {
    if (at + 4 > bytes.length) return undefined;
    const end = at + 4 + bytes.readUInt16BE(at + 2);
    if (end > bytes.length) return undefined;
    found.push({ number: bytes.readUInt16BE(at), at, value: bytes.subarray(at + 4, end) });
    at = at + 4 * Math.ceil((end - at) / 4);
  }
  return found;
}

export function newTransactionId(): Buffer {
  return randomBytes(12);
}

/**
 * Throws a RangeError for a value that its field cannot hold, and where all attributes together take more than
 * 65,535 bytes: both are mistakes of the caller, never of a peer.
 */
export function encode(message: StunMessage, { integrityKey, fingerprint: wanted }: Envelope = {}): Buffer {
  const method = typeof message.method === 'number' ? message.method : methods[message.method];
  const kind = classes.indexOf(message.class);
  const header = Buffer.alloc(headerBytes);
  // RFC 8489 §5: the two bits of the class stand between those of the method.
  const bits = (method & 0xf80) << 2;
  header.writeUInt16BE(bits | ((method & 0x70) << 1) | (method & 0xf) | ((kind & 2) << 7) | ((kind & 1) << 4), 0);
  header.writeUInt32BE(magicCookie, 4);
  message.transactionId.copy(header, 8);
  let bytes = Buffer.concat([
    header,
    ...message.attributes.map((attribute) => {
      const { number, value } = encodeAttribute(attribute, message.transactionId);
      return attributeBytes(number, value);
    }),
  ]);
  if (integrityKey) {
    const digest = hmac(integrityKey, upTo(bytes, bytes.length, 20));
    bytes = Buffer.concat([bytes, attributeBytes(messageIntegrity, digest)]);
  }
  if (wanted) {
    const value = Buffer.alloc(4);
    value.writeUInt32BE(fingerprintOf(upTo(bytes, bytes.length, 4)));
    bytes = Buffer.concat([bytes, attributeBytes(fingerprint, value)]);
  }
  bytes.writeUInt16BE(bytes.length - headerBytes, 2);
  return bytes;
}

/** One whole message; undefined for anything else. Verifies neither MESSAGE-INTEGRITY nor FINGERPRINT. */
export function decode(bytes: Buffer): StunMessage | undefined {
  const found = layout(bytes);
  if (!found) return undefined;
  const type = bytes.readUInt16BE(0);
  const number = ((type & 0x3e00) >> 2) | ((type & 0xe0) >> 1) | (type & 0xf);
  const method = methodNames.get(number) ?? number;
  const transactionId = Buffer.from(bytes.subarray(8, headerBytes));
  const attributes: Attribute[] = [];
  for (const { number: attribute, value } of found) {
    if (attribute === messageIntegrity || attribute === fingerprint) break;
    attributes.push(decodeAttribute(attribute, value, transactionId));
  }
  return {
    class: classes[((type & 0x100) >> 7) | ((type & 0x10) >> 4)] as MessageClass,
    method,
    transactionId,
    attributes,
  };
}

/** Every value of an attribute, in order. */
export function all<N extends AttributeName>(message: StunMessage, name: N): AttributeValues[N][] {
  return message.attributes.flatMap(([type, value]) => (type === name ? [value as AttributeValues[N]] : []));
}

/** The first value of an attribute, the only one that counts where a message repeats it (RFC 8489 §14). */
export function first<N extends AttributeName>(message: StunMessage, name: N): AttributeValues[N] | undefined {
  const [, value] = message.attributes.find(([type]) => type === name) ?? [];
  return value as AttributeValues[N] | undefined;
}

/** MESSAGE-INTEGRITY is there and was made with this key. */
export function hasIntegrity(bytes: Buffer, key: Buffer): boolean {
  const found = layout(bytes)?.find(({ number }) => number === messageIntegrity);
  if (found?.value.length !== 20) return false;
  return timingSafeEqual(found.value, hmac(key, upTo(bytes, found.at, 20)));
}

/** FINGERPRINT is there, is the last attribute, and fits. */
export function hasFingerprint(bytes: Buffer): boolean {
  const last = layout(bytes)?.at(-1);
  if (last?.number !== fingerprint || last.value.length !== 4) return false;
  return last.value.readUInt32BE() === fingerprintOf(upTo(bytes, last.at, 4));
}

/** The key of short-term credentials, those of ICE (RFC 8489 §9.1.1). */
export function shortTermKey(password: string): Buffer {
  return Buffer.from(password, 'utf8');
}

/** The key of long-term credentials, those of TURN (RFC 8489 §9.2.2). The password must be prepared already. */
export function longTermKey(username: string, realm: string, password: string): Buffer {
  return createHash('md5').update(`${username}:${realm}:${password}`).digest();
}
