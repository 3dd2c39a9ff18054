/** What takes bytes from strangers, and what must hold whatever they are. A target throws where it does not. */
import { strict as assert } from 'node:assert';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { isStumble } from '../../cli/saved.js';
import { diagnose } from '../../diagnosis/index.js';
import { loadEnvironments } from '../../environment/load.js';
import { parseRun } from '../../evidence/load.js';
import { redactor } from '../../evidence/redaction.js';
import { openSession } from '../../probes/signal-session.js';
import { decodeMessage } from '../../wire/dns.js';
import { frame, iceTcpDeframer, turnDeframer } from '../../wire/framing.js';
import { answerFor, candidateInit, parseIce } from '../../wire/sdp.js';
import { decode, encode, hasFingerprint, hasIntegrity, shortTermKey } from '../../wire/stun.js';
import { turnUri } from '../../wire/turn-uri.js';
import { renderable } from './renderable.js';

export interface Target {
  readonly name: string;
  /** Real ones. */
  seeds(): Buffer[];
  /** Whether it was taken for what it pretends to be. Throws, or rejects, where something is wrong with us. */
  take(input: Buffer): boolean | Promise<boolean>;
  close?(): void | Promise<void>;
}

const fixtures = new URL('../../fixtures/', import.meta.url).pathname;

function captured(kind: string): Buffer[] {
  const folder = `${fixtures}fuzz/seeds/${kind}`;
  return readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name)));
}

/** A refusal in words is right, anything else is not. */
function refusing<T>(names: readonly string[], work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!names.includes((error as Error).name)) throw error;
    assert.ok((error as Error).message.length > 0, 'it says why');
    return undefined;
  }
}

const stun = (): Target => {
  const key = shortTermKey('a-password-of-nobody');
  return {
    name: 'stun',
    seeds: () => captured('stun'),
    take(input) {
      const message = decode(input);
      hasIntegrity(input, key);
      hasFingerprint(input);
      if (!message) return false;
      // What was understood can be said again, and is then the same.
      const again = decode(encode(message));
      assert.deepEqual(again, message);
      return true;
    },
  };
};

const framing = (): Target => ({
  name: 'framing',
  seeds: () => [...captured('stream'), ...captured('stun').map(frame)],
  take(input) {
    let complete = 0;
    for (const deframer of [iceTcpDeframer(), turnDeframer((channel) => channel === 0x4000)]) {
      const whole = deframer.push(input);
      complete += whole.length;
      assert.ok(whole.every((message) => message.length <= input.length));
    }
    // However it is cut into pieces, the same comes out.
    const [one, other] = [iceTcpDeframer(), iceTcpDeframer()];
    const half = input.length >> 1;
    const pieces = [...other.push(input.subarray(0, half)), ...other.push(input.subarray(half))];
    assert.deepEqual(pieces, one.push(input));
    return complete > 0;
  },
});

const sdp = (): Target => {
  const us = { ufrag: 'ours', password: 'a-password-of-nobody-at-all', fingerprint: 'sha-256 AA:BB', setup: 'active' };
  const offers = (): Buffer[] =>
    captured('signalling')
      .map((bytes) => /v=0\r\n[\x20-\x7e\r\n]+/.exec(bytes.toString('latin1'))?.[0])
      .filter((text) => text !== undefined)
      .map((text) => Buffer.from(text));
  return {
    name: 'sdp',
    seeds: offers,
    take(input) {
      const text = input.toString();
      const found = parseIce(text);
      answerFor(text, us as never);
      if (!found) return false;
      assert.ok(found.candidates.length <= 64);
      for (const { port } of found.candidates) assert.ok(port >= 0 && port <= 65_535);
      return true;
    },
  };
};

const candidate = (): Target => ({
  name: 'candidate',
  seeds: () =>
    [
      'candidate:1 1 udp 2130706431 203.0.113.20 7882 typ host',
      'candidate:2 1 tcp 1671430143 2001:db8::20 7881 typ host tcptype passive',
      'candidate:3 1 udp 16777215 198.51.100.4 3478 typ relay raddr 0.0.0.0 rport 9',
    ].map((line) => Buffer.from(JSON.stringify({ candidate: line, sdpMid: '0', sdpMLineIndex: 0 }))),
  take(input) {
    const found = candidateInit(input.toString());
    if (found) assert.ok(['udp', 'tcp'].includes(found.protocol) && found.port <= 65_535);
    return found !== undefined;
  },
});

const uri = (): Target => ({
  name: 'turn-uri',
  seeds: () =>
    ['turn:turn.example.com:3478?transport=udp', 'turns:[2001:db8::1]:443?transport=tcp', 'stun:203.0.113.1'].map(
      (one) => Buffer.from(one),
    ),
  take(input) {
    const found = turnUri(input.toString());
    if (found) assert.ok(found.port > 0 && found.port <= 65_535 && !/[^\x21-\x7e]/.test(found.host));
    return found !== undefined;
  },
});

const dns = (): Target => ({
  name: 'dns',
  seeds: () => captured('dns'),
  take(input) {
    const message = decodeMessage(input);
    if (!message) return false;
    const { questions = [], answers = [], authorities = [], additionals = [] } = message;
    assert.ok(questions.length + answers.length + authorities.length + additionals.length <= input.length / 5);
    return true;
  },
});

const run = (): Target => ({
  name: 'run',
  seeds: () =>
    ['dns-name-missing', 'media-address-wrong', 'turn-tls-unreachable', 'tls-name-mismatch']
      .map((name) => `${fixtures}runs/${name}.json`)
      .filter((file) => existsSync(file))
      .map((file) => Buffer.from(JSON.stringify(JSON.parse(readFileSync(file, 'utf8'))))),
  async take(input) {
    const found = refusing(['RunDocumentError'], () => parseRun(input.toString(), 'run.json'));
    if (!found) return false;
    try {
      for (const environment of found.environments) diagnose(environment);
      await renderable(found);
      return true;
    } catch (error) {
      // The facts of an observation are as free as its probe; `ofSaved` says so to the user.
      if (isStumble(error)) return false;
      throw error;
    }
  },
});

const configuration = (): Target => {
  const folder = mkdtempSync(join(tmpdir(), 'livekit-doctor-fuzz-'));
  const file = join(folder, 'livekit-doctor.yaml');
  return {
    name: 'configuration',
    seeds: () =>
      [...readFileSync(`${fixtures}../docs/configuration.md`, 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)].map(
        ([, text = '']) => Buffer.from(text),
      ),
    async take(input) {
      writeFileSync(file, input);
      const env = { LIVEKIT_API_KEY: 'APIkey', LIVEKIT_API_SECRET: 'a-secret-of-nobody', APP_SESSION: 'a-session' };
      try {
        await loadEnvironments({ arguments: [], config: file, cwd: folder, env });
        return true;
      } catch (error) {
        if ((error as Error).name !== 'ConfigurationError') throw error;
        assert.ok((error as Error).message.length > 0, 'it says why');
        assert.ok(!(error as Error).message.includes('a-secret-of-nobody'), 'it keeps the secret');
        return false;
      }
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
};

/** A server that upgrades, says one damaged message after a whole conversation, or alone, and hangs up. */
const signalling = (): Target => {
  const real = captured('signalling');
  let input: Buffer = Buffer.alloc(0);
  let turn = 0;
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  sockets.on('connection', (socket: WebSocket) => {
    turn += 1;
    const before = turn % 2 === 0 ? real : [];
    for (const message of before) socket.send(message);
    socket.send(input, () => socket.close());
  });
  const listening = new Promise<number>((resolve) =>
    http.listen(0, '127.0.0.1', () => resolve((http.address() as AddressInfo).port)),
  );
  const events = { onUpgrade() {}, onIceServers() {}, onIceSession() {}, onCandidates() {}, onParticipants() {} };
  return {
    name: 'signalling',
    seeds: () => real,
    async take(bytes) {
      input = bytes;
      const endpoint = { host: '127.0.0.1', address: '127.0.0.1', port: await listening, secure: false };
      const { signal } = new AbortController();
      const now = (): number => performance.now();
      const session = await openSession(endpoint, '/rtc', 'a.b.c', { redactor: redactor(), signal, events, now });
      const { join, failure } = await session.done;
      session.close();
      assert.ok(join || failure, 'it says what came of it');
      return join !== undefined;
    },
    close: () => {
      sockets.close();
      http.closeAllConnections();
      http.close();
    },
  };
};

export const targets: Readonly<Record<string, () => Target>> = {
  stun,
  framing,
  sdp,
  candidate,
  'turn-uri': uri,
  dns,
  signalling,
  run,
  configuration,
};
