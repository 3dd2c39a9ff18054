/** Inputs that are nearly right: real messages, damaged in a way that a number decides, so that each can be made again. */
import { generator } from '../../bench/random.js';

const lengths = [0, 1, 2, 3, 4, 7, 8, 16, 20, 127, 128, 255, 256, 1023, 0x7fff, 0x8000, 0xffff];
const texts = [
  '0',
  '-1',
  '4294967296',
  '99999999999999999999',
  '1e999',
  'NaN',
  'null',
  '__proto__',
  'constructor',
  '\u0000',
  '\u001b[31m',
  '\u202e',
  '😀',
  '<script>alert(1)</script>',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands in a configuration file
  '${HOME}',
  '../../etc/passwd',
  '127.0.0.1',
  '169.254.169.254',
  '::ffff:127.0.0.1',
  '[::1]',
  'a'.repeat(300),
  '&a [*a, *a]',
  '[[[[[[[[',
  '{{{{',
];
/** What is longer is cut: a parser that needs long inputs to fail is no parser of these messages. */
const mostBytes = 16_384;

type Damage = (bytes: Buffer, random: () => number, seeds: readonly Buffer[]) => Buffer;

const below = (random: () => number, limit: number): number => Math.floor(random() * limit);
const pick = <T>(all: readonly T[], random: () => number): T => all[below(random, all.length)] as T;

function replaced(bytes: Buffer, from: number, to: number, by: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(to)]);
}

const damages: readonly Damage[] = [
  function flipBit(bytes, random) {
    if (bytes.length === 0) return bytes;
    const changed = Buffer.from(bytes);
    const at = below(random, bytes.length);
    changed[at] = (changed[at] as number) ^ (1 << below(random, 8));
    return changed;
  },
  function setByte(bytes, random) {
    if (bytes.length === 0) return bytes;
    const changed = Buffer.from(bytes);
    changed[below(random, bytes.length)] = below(random, 256);
    return changed;
  },
  function setLength(bytes, random) {
    if (bytes.length < 2) return bytes;
    const changed = Buffer.from(bytes);
    changed.writeUInt16BE(pick(lengths, random), below(random, bytes.length - 1));
    return changed;
  },
  function cut(bytes, random) {
    return bytes.subarray(0, below(random, bytes.length + 1));
  },
  function remove(bytes, random) {
    const from = below(random, bytes.length + 1);
    return replaced(bytes, from, Math.min(bytes.length, from + 1 + below(random, 16)), Buffer.alloc(0));
  },
  function repeat(bytes, random) {
    const from = below(random, bytes.length + 1);
    const piece = bytes.subarray(from, from + 1 + below(random, 64));
    return replaced(bytes, from, from, Buffer.concat(Array.from({ length: 1 + below(random, 8) }, () => piece)));
  },
  function insertNoise(bytes, random) {
    const at = below(random, bytes.length + 1);
    return replaced(bytes, at, at, Buffer.from(Array.from({ length: 1 + below(random, 8) }, () => below(random, 256))));
  },
  function insertText(bytes, random) {
    const at = below(random, bytes.length + 1);
    return replaced(bytes, at, at + below(random, 12), Buffer.from(pick(texts, random)));
  },
  function splice(bytes, random, seeds) {
    const other = pick(seeds, random);
    return replaced(
      bytes,
      below(random, bytes.length + 1),
      bytes.length,
      other.subarray(below(random, other.length + 1)),
    );
  },
];

/** The so-manieth input of a seed: one of the real ones with one to six damages. */
export function mutated(seeds: readonly Buffer[], seed: number, number: number): Buffer {
  const random = generator(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  let bytes = pick(seeds, random);
  for (let left = 1 + below(random, 6); left > 0; left--) bytes = pick(damages, random)(bytes, random, seeds);
  return bytes.subarray(0, mostBytes);
}
