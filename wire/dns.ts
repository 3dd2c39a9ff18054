/** One DNS question to one resolver (RFC 1035), over UDP and, where that was truncated or silent, over TCP. */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import packet from 'dns-packet';

export interface DnsServer {
  readonly address: string;
  readonly port: number;
}

export interface DnsReply {
  readonly transport: 'udp' | 'tcp';
  readonly rttMs: number;
  /** Absent when `failure` is set. */
  readonly message?: packet.DecodedPacket;
  readonly failure?: 'timeout' | 'refused' | 'malformed' | 'unreachable';
}

export interface DnsAsk {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'NS';
  /** Ask without DNSSEC validation (RFC 4035 §3.2.2). */
  readonly checkingDisabled?: boolean;
  /** False: only what the resolver knows already (RD=0, RFC 1035 §4.1.1); it asks nobody, and remembers nothing new. */
  readonly recursionDesired?: false;
  readonly server: DnsServer;
  readonly signal: AbortSignal;
  /** When to send again, in milliseconds after the first packet; UDP loses packets. */
  readonly resendAfterMs?: readonly number[];
  readonly timeoutMs?: number;
}

const udpPayloadBytes = 1232; // what passes everywhere without fragments (DNS flag day 2020)
const tcpMostBytes = 65_535;

/** Reads `1.2.3.4`, `1.2.3.4:53`, `[2001:db8::1]:53` or `2001:db8::1`. */
export function parseDnsServer(text: string): DnsServer {
  const match = /^\[(.+)\](?::(\d+))?$/.exec(text) ?? /^([^:]+)(?::(\d+))?$/.exec(text);
  return match ? { address: match[1] as string, port: Number(match[2] ?? 53) } : { address: text, port: 53 };
}

function question(ask: DnsAsk): { id: number; bytes: Buffer } {
  const id = randomInt(1, 65_536);
  const bytes = packet.encode({
    id,
    type: 'query',
    flags:
      (ask.recursionDesired === false ? 0 : packet.RECURSION_DESIRED) |
      (ask.checkingDisabled ? packet.CHECKING_DISABLED : 0),
    questions: [{ type: ask.type, name: ask.name, class: 'IN' }],
    additionals: [{ type: 'OPT', name: '.', udpPayloadSize: udpPayloadBytes, flags: 0, options: [] } as never],
  });
  return { id, bytes };
}

const headerBytes = 12;
/** The root's name, type, class, TTL, and a length of 0 (RFC 1035 §4.1.3). */
const smallestRecordBytes = 11;
const smallestQuestionBytes = 5;

/** Undefined for whatever is no message (RFC 1035 §4.1), also for one that claims more records than it has room for. */
export function decodeMessage(bytes: Buffer): packet.DecodedPacket | undefined {
  if (bytes.length < headerBytes) return undefined;
  const [questions = 0, ...records] = [4, 6, 8, 10].map((at) => bytes.readUInt16BE(at));
  const least = records.reduce((sum, count) => sum + count * smallestRecordBytes, questions * smallestQuestionBytes);
  // The library would read beyond the end, and make thousands of records out of nothing.
  if (headerBytes + least > bytes.length) return undefined;
  try {
    return packet.decode(bytes);
  } catch {
    return undefined;
  }
}

/** What the answer section says of a name: its own records, and those of the names that its aliases lead to. */
export function recordsOf(message: packet.DecodedPacket, name: string): packet.Answer[] {
  const all = message.answers ?? [];
  // The root's dot is in no decoded name.
  const owners = new Set([name.toLowerCase().replace(/\.$/, '')]);
  // An alias may stand before the one that leads to it.
  for (let more = true; more; ) {
    const before = owners.size;
    for (const record of all) {
      if (record.type === 'CNAME' && owners.has(record.name.toLowerCase())) owners.add(record.data.toLowerCase());
    }
    more = owners.size > before;
  }
  return all.filter((record) => owners.has(record.name.toLowerCase()));
}

/** Answers to another question are not answers (RFC 5452 §9.1): undefined, so that the caller keeps waiting. */
function answers(ask: DnsAsk, id: number, bytes: Buffer): packet.DecodedPacket | 'malformed' | undefined {
  if (bytes.length < headerBytes || bytes.readUInt16BE(0) !== id) return undefined;
  const message = decodeMessage(bytes);
  if (!message) return 'malformed';
  if (message.type !== 'response') return undefined;
  const asked = message.questions?.[0];
  if (asked && (asked.name.toLowerCase() !== ask.name || asked.type !== ask.type)) return undefined;
  return message;
}

function overUdp(ask: DnsAsk): Promise<DnsReply> {
  return new Promise((resolve) => {
    const { id, bytes } = question(ask);
    const socket = createSocket(ask.server.address.includes(':') ? 'udp6' : 'udp4');
    const started = performance.now();
    const timers = [...(ask.resendAfterMs ?? [250, 750])].map((ms) => setTimeout(() => send(), ms));
    let connected = false;
    const end = (reply: { message: packet.DecodedPacket } | { failure: NonNullable<DnsReply['failure']> }): void => {
      for (const timer of timers) clearTimeout(timer);
      ask.signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.close();
      resolve({ transport: 'udp', rttMs: performance.now() - started, ...reply });
    };
    const onAbort = (): void => end({ failure: 'timeout' });
    const send = (): void => {
      if (connected) socket.send(bytes, () => {});
    };
    timers.push(setTimeout(onAbort, ask.timeoutMs ?? 1500));
    ask.signal.addEventListener('abort', onAbort, { once: true });
    socket.on('error', (error: NodeJS.ErrnoException) =>
      end({ failure: error.code === 'ECONNREFUSED' ? 'refused' : 'unreachable' }),
    );
    socket.on('message', (data) => {
      const message = answers(ask, id, data);
      if (message === 'malformed') end({ failure: 'malformed' });
      else if (message) end({ message });
    });
    socket.connect(ask.server.port, ask.server.address, (error?: Error) => {
      if (error) return end({ failure: 'unreachable' }); // no route, which connect() of UDP already knows
      connected = true;
      send();
    });
    if (ask.signal.aborted) onAbort();
  });
}

function overTcp(ask: DnsAsk): Promise<DnsReply> {
  return new Promise((resolve) => {
    const { id, bytes } = question(ask);
    const started = performance.now();
    const socket = connect({ host: ask.server.address, port: ask.server.port });
    let received = Buffer.alloc(0);
    const end = (reply: { message: packet.DecodedPacket } | { failure: NonNullable<DnsReply['failure']> }): void => {
      clearTimeout(timer);
      ask.signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.destroy();
      resolve({ transport: 'tcp', rttMs: performance.now() - started, ...reply });
    };
    const onAbort = (): void => end({ failure: 'timeout' });
    const timer = setTimeout(onAbort, ask.timeoutMs ?? 1500);
    ask.signal.addEventListener('abort', onAbort, { once: true });
    socket.on('connect', () =>
      socket.write(Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])),
    );
    socket.on('error', (error: NodeJS.ErrnoException) =>
      end({ failure: error.code === 'ECONNREFUSED' ? 'refused' : 'unreachable' }),
    );
    socket.on('close', () => end({ failure: 'malformed' }));
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      if (received.length < 2) return;
      const length = received.readUInt16BE(0);
      if (received.length < length + 2) {
        if (received.length > tcpMostBytes + 2) end({ failure: 'malformed' });
        return;
      }
      const message = answers(ask, id, received.subarray(2, length + 2));
      end(message === undefined || message === 'malformed' ? { failure: 'malformed' } : { message });
    });
    if (ask.signal.aborted) onAbort();
  });
}

/** Never rejects. UDP first; TCP when the answer was truncated (RFC 7766 §5) or UDP brought none. */
export async function askDns(ask: DnsAsk): Promise<readonly DnsReply[]> {
  const first = await overUdp(ask);
  if (first.message ? !first.message.flag_tc : first.failure === 'refused') return [first];
  if (ask.signal.aborted) return [first];
  return [first, await overTcp(ask)];
}
