/**
 * `node … tests/fuzz/capture.ts`: what a healthy check of the embedded environment hears, as the seeds of the fuzzer:
 * `fixtures/fuzz/seeds/KIND/….bin`. The server and its keys are gone when it ends.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { Socket as DatagramSocket } from 'node:dgram';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { startEmbedded } from '../../fixtures/embedded/embedded.js';
import { enterNamespace } from '../../fixtures/embedded/namespace.js';
import { runChecks } from '../../run/run.js';

type Kind = 'stun' | 'dns' | 'stream' | 'signalling';
const mostOfKind = 40;
const directory = new URL('../../fixtures/fuzz/seeds/', import.meta.url).pathname;
const heard = new Map<Kind, Map<string, Buffer>>();

function keep(kind: Kind, data: Uint8Array): void {
  const bytes = Buffer.from(data);
  const known = heard.get(kind) ?? new Map<string, Buffer>();
  heard.set(kind, known);
  // One of each length is enough: transaction ids and ports differ in all of them.
  if (known.size < mostOfKind) known.set(String(bytes.length), bytes);
}

const isStun = (bytes: Buffer): boolean => bytes.length >= 20 && bytes.readUInt32BE(4) === 0x2112a442;

function listen(): void {
  const { emit: datagram } = DatagramSocket.prototype;
  DatagramSocket.prototype.emit = function (this: DatagramSocket, name: string, ...rest: unknown[]) {
    const [bytes] = rest;
    if (name === 'message' && Buffer.isBuffer(bytes)) keep(isStun(bytes) ? 'stun' : 'dns', bytes);
    return Reflect.apply(datagram, this, [name, ...rest]);
  } as never;
  const { emit: stream } = Socket.prototype;
  Socket.prototype.emit = function (this: Socket, name: string, ...rest: unknown[]) {
    const [bytes] = rest;
    if (name === 'data' && Buffer.isBuffer(bytes) && isStun(bytes)) keep('stream', bytes);
    if (name === 'data' && Buffer.isBuffer(bytes) && isStun(bytes.subarray(2))) keep('stream', bytes);
    return Reflect.apply(stream, this, [name, ...rest]);
  } as never;
  const { emit: message } = WebSocket.prototype;
  WebSocket.prototype.emit = function (this: WebSocket, name: string, ...rest: unknown[]) {
    const [bytes] = rest;
    if (name === 'message' && Buffer.isBuffer(bytes)) keep('signalling', bytes);
    return Reflect.apply(message, this, [name, ...rest]);
  } as never;
}

const inside = await enterNamespace([process.execPath, ...process.execArgv, ...process.argv.slice(1)]);
if (inside) {
  const child = spawn(inside.command, inside.args, { env: inside.env, stdio: 'inherit' });
  child.once('close', (code) => process.exit(code ?? 1));
} else {
  const embedded = await startEmbedded();
  try {
    listen();
    const { signal } = new AbortController();
    await runChecks({ environments: [embedded.environment], depth: 'wire', version: 'capture', signal });
  } finally {
    await embedded.stop();
  }
  for (const [kind, all] of heard) {
    rmSync(`${directory}${kind}`, { recursive: true, force: true });
    mkdirSync(`${directory}${kind}`, { recursive: true });
    for (const bytes of all.values()) {
      const name = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
      writeFileSync(`${directory}${kind}/${name}.bin`, bytes);
    }
    process.stdout.write(`${kind}: ${all.size}\n`);
  }
  process.exit(0);
}
