/** Cuts a byte stream into messages: ICE over TCP (RFC 4571), and STUN with ChannelData (RFC 8656 §12.5). */

export interface Deframer {
  /** The messages that are complete with this chunk. Gives nothing more once the stream is `broken`. */
  push(chunk: Buffer): Buffer[];
  /** The first bytes that are in no message yet: what to show where the stream turned out to be something else. */
  rest(): Buffer;
  /** What came cannot be such a stream. */
  readonly broken: boolean;
}

type Measured =
  /** Not enough to tell: look again when there are `need` bytes. */
  | { readonly need: number }
  | { readonly from: number; readonly to: number; readonly total: number }
  /** So many bytes are in no message. */
  | { readonly skip: number }
  | 'broken';

const keptWhenBrokenBytes = 512;
const magicCookie = 0x2112a442;

function deframer(measure: (bytes: Buffer) => Measured): Deframer {
  // Chunks are joined only when a decision is possible, so that a stream that drips byte by byte stays cheap.
  let chunks: Buffer[] = [];
  let have = 0;
  let need = 1;
  let broken = false;
  const joined = (): Buffer => {
    const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    chunks = [bytes];
    return bytes;
  };
  return {
    push(chunk) {
      if (broken || chunk.length === 0) return [];
      chunks.push(chunk);
      have += chunk.length;
      const messages: Buffer[] = [];
      while (have >= need) {
        const bytes = joined();
        const measured = measure(bytes);
        if (measured === 'broken') {
          broken = true;
          chunks = [bytes.subarray(0, keptWhenBrokenBytes)];
          break;
        }
        if ('need' in measured) {
          need = measured.need;
        } else if ('skip' in measured) {
          chunks = [bytes.subarray(measured.skip)];
          have -= measured.skip;
          need = 1;
        } else if (have < measured.total) {
          need = measured.total;
        } else {
          messages.push(bytes.subarray(measured.from, measured.to));
          chunks = [bytes.subarray(measured.total)];
          have -= measured.total;
          need = 1;
        }
      }
      return messages;
    },
    rest: () => joined().subarray(0, keptWhenBrokenBytes),
    get broken() {
      return broken;
    },
  };
}

/** Two bytes of length before the payload (RFC 4571 §2). Throws a RangeError over 65,535 bytes. */
export function frame(payload: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(payload.length);
  return Buffer.concat([length, payload]);
}

/**
 * RFC 4571 as ICE uses it (RFC 6544 §3): the peer's first message answers or makes a check, so it is STUN, and a stream
 * that begins otherwise is broken. A message has at most 65,535 bytes; empty ones are left out, all that follow each other
 * at once: a megabyte of zeros is half a million.
 */
export function iceTcpDeframer(): Deframer {
  let began = false;
  return deframer((bytes) => {
    if (bytes.length < 2) return { need: 2 };
    const total = 2 + bytes.readUInt16BE(0);
    if (!began) {
      if (total < 22 || (bytes.length > 2 && (bytes[2] as number) > 3)) return 'broken';
      if (bytes.length < 10) return { need: bytes.length < 3 ? 3 : 10 };
      if (bytes.readUInt32BE(6) !== magicCookie) return 'broken';
      began = true;
    }
    if (total === 2) return { skip: emptyFrames(bytes) };
    return { from: 2, to: total, total };
  });
}

/** How many bytes at the beginning are lengths of nothing. */
function emptyFrames(bytes: Buffer): number {
  const other = bytes.findIndex((byte) => byte !== 0);
  const zeros = other < 0 ? bytes.length : other;
  return zeros - (zeros % 2);
}

/** Data for a bound channel (RFC 8656 §12.4); over a stream it is padded to a multiple of four bytes. */
export function channelData(channel: number, data: Buffer, overStream: boolean): Buffer {
  const bytes = Buffer.alloc(4 + (overStream ? 4 * Math.ceil(data.length / 4) : data.length));
  bytes.writeUInt16BE(channel);
  bytes.writeUInt16BE(data.length, 2);
  data.copy(bytes, 4);
  return bytes;
}

/** Undefined for anything but data of a channel that is bound. Over UDP there may be padding behind it. */
export function readChannelData(
  bytes: Buffer,
  isChannel: (channel: number) => boolean,
): { readonly channel: number; readonly data: Buffer } | undefined {
  if (bytes.length < 4 || !isChannel(bytes.readUInt16BE())) return undefined;
  const length = bytes.readUInt16BE(2);
  return bytes.length < 4 + length ? undefined : { channel: bytes.readUInt16BE(), data: bytes.subarray(4, 4 + length) };
}

/**
 * TURN over TCP or TLS: STUN messages whole, and ChannelData with its four bytes of header but without the padding.
 * `isChannel` tells which channels (0x4000 to 0x4FFF) are bound: data for any other breaks the stream, because the
 * `HT` of an HTTP answer would pass for a channel.
 */
export function turnDeframer(isChannel: (channel: number) => boolean = () => false): Deframer {
  return deframer((bytes) => {
    if ((bytes[0] as number) <= 3) {
      if (bytes.length < 8) return { need: 8 };
      const length = bytes.readUInt16BE(2);
      if (bytes.readUInt32BE(4) !== magicCookie || length % 4 !== 0) return 'broken';
      return { from: 0, to: 20 + length, total: 20 + length };
    }
    if (((bytes[0] as number) & 0xf0) !== 0x40) return 'broken';
    if (bytes.length < 4) return { need: bytes.length < 2 ? 2 : 4 };
    if (!isChannel(bytes.readUInt16BE(0))) return 'broken';
    const length = bytes.readUInt16BE(2);
    return { from: 0, to: 4 + length, total: 4 + 4 * Math.ceil(length / 4) };
  });
}
