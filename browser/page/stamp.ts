/**
 * What a frame says of itself: black and white blocks that survive encoding, scaling and loss, so that whoever decodes
 * the picture knows whose it is, of which run, and when it was drawn. Pure: it runs in the page and in tests alike.
 */

export interface Stamp {
  /** Of the run, 32 bits: a picture of another run is not taken for one of this. */
  readonly nonce: number;
  /** Who shows it, 8 bits: 1 for the caller, 2 for the callee. */
  readonly sender: number;
  /** Counts the frames that were drawn, 24 bits. */
  readonly sequence: number;
  /** When it was drawn: milliseconds since the epoch modulo 2³². */
  readonly clockMs: number;
}

/** The blocks lie on macroblocks of 16 pixels, which are encoded with a few bits when they have one colour. */
export const columns = 20;
export const rows = 6;

const marker = 0xa5;
const clock = 2 ** 32;

/** CRC-16/CCITT-FALSE. */
function crc16(bytes: readonly number[]): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}

const bytesOf = (value: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => Math.floor(value / 2 ** (8 * (count - 1 - index))) % 256);

const numberOf = (bytes: readonly number[]): number => bytes.reduce((sum, byte) => sum * 256 + byte, 0);

/** `columns` × `rows` blocks, row by row: true is white. */
export function encodeStamp({ nonce, sender, sequence, clockMs }: Stamp): boolean[] {
  const content = [marker, ...bytesOf(nonce, 4), sender, ...bytesOf(sequence, 3), ...bytesOf(clockMs % clock, 4)];
  const bytes = [...content, ...bytesOf(crc16(content), 2)];
  return bytes.flatMap((byte) => Array.from({ length: 8 }, (_, bit) => (byte & (0x80 >> bit)) !== 0));
}

/** Undefined for what is no stamp: another picture, or one that was decoded too badly to be sure. */
export function decodeStamp(blocks: readonly boolean[]): Stamp | undefined {
  if (blocks.length !== columns * rows) return undefined;
  const bytes = Array.from({ length: blocks.length / 8 }, (_, index) =>
    blocks.slice(index * 8, index * 8 + 8).reduce((sum, white) => sum * 2 + Number(white), 0),
  );
  const content = bytes.slice(0, -2);
  if (content[0] !== marker || numberOf(bytes.slice(-2)) !== crc16(content)) return undefined;
  return {
    nonce: numberOf(content.slice(1, 5)),
    sender: content[5] ?? 0,
    sequence: numberOf(content.slice(6, 9)),
    clockMs: numberOf(content.slice(9, 13)),
  };
}

/** Milliseconds from one clock reading to a later one, both modulo 2³²; negative where the clocks disagree. */
export function elapsedMs(fromMs: number, toMs: number): number {
  const difference = (((toMs - fromMs) % clock) + clock) % clock;
  return difference < clock / 2 ? difference : difference - clock;
}

/** Of this page, in step with those of every other page on this machine. */
export function clockMs(): number {
  return (performance.timeOrigin + performance.now()) % clock;
}
