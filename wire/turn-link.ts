/** What TURN messages travel over: UDP, TCP or TLS (RFC 8656 §3.1). */
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { turnDeframer } from './framing.js';
import { openTcp, secure } from './tcp.js';
import { hasRoute, openUdp } from './udp.js';
import { within } from './within.js';

export interface TurnServer {
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly address: string;
  readonly port: number;
  /** The name or address in the URL: what the certificate must bear. */
  readonly host: string;
  /** Only for `tls`. */
  readonly secureContext?: SecureContext;
  /** Ready for use, so that none is made. */
  readonly connection?: Socket;
}

/** A timed part, in the milliseconds of the clock that was handed in. */
export interface TimedStep {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
}

export type LinkFailure =
  | {
      /** `no-route`: this machine has no way to send there. `closed`: the peer ended the connection without a word. */
      readonly kind: 'refused' | 'unreachable' | 'no-route' | 'timeout' | 'closed' | 'tls';
      readonly message: string;
      /** TLS was spoken, but the certificate does not verify. */
      readonly certificate?: true;
    }
  /** Something else than TURN answered, with these bytes. */
  | { readonly kind: 'not-turn'; readonly message: string; readonly received: Buffer };

export interface LinkEvents {
  /** One STUN message, ChannelData without padding or, over UDP, whatever came. */
  onMessage(bytes: Buffer): void;
  /** Which channels are bound: data for others breaks a stream. */
  isChannel(channel: number): boolean;
  /** The link is of no more use. At most once. */
  onFailure(failure: LinkFailure): void;
}

export interface TurnLink {
  /** Nothing is lost or reordered, so nothing needs to be sent again. */
  readonly reliable: boolean;
  send(bytes: Buffer): void;
  /** Sends what was handed over before, and closes. */
  close(): void;
}

export interface LinkOptions {
  readonly signal: AbortSignal;
  /** How long connecting may take, and the handshake after it. */
  readonly timeoutMs: number;
  now(): number;
}

type Opened = { readonly link: TurnLink; readonly steps: TimedStep[] } | { failure: LinkFailure; steps: TimedStep[] };

const lingerMs = 500;

function overStream(socket: Socket, { onMessage, isChannel, onFailure }: LinkEvents): TurnLink {
  const deframer = turnDeframer(isChannel);
  let over = false;
  const fail = (failure: LinkFailure): void => {
    if (over) return;
    over = true;
    socket.destroy();
    onFailure(failure);
  };
  const notTurn = (): LinkFailure => ({
    kind: 'not-turn',
    message: 'what answers is not TURN',
    received: Buffer.from(deframer.rest()),
  });
  socket.on('data', (chunk: Buffer) => {
    for (const message of deframer.push(chunk)) if (!over) onMessage(message);
    if (deframer.broken) fail(notTurn());
  });
  const ended = (code: string): void =>
    fail(deframer.rest().length > 0 ? notTurn() : { kind: 'closed', message: `the connection was closed (${code})` });
  socket.on('error', (error: NodeJS.ErrnoException) => ended(error.code ?? error.message));
  socket.on('end', () => ended('FIN'));
  socket.on('close', () => ended('FIN'));
  return {
    reliable: true,
    send(bytes) {
      if (!over) socket.write(bytes);
    },
    close() {
      over = true;
      socket.end();
      // A peer that never closes its side holds nothing up.
      setTimeout(() => socket.destroy(), lingerMs).unref();
    },
  };
}

async function tcpFailure(code: string, address: string, at: string): Promise<LinkFailure> {
  if (code === 'ECONNREFUSED') return { kind: 'refused', message: `${at} refused the connection` };
  if (code === 'ETIMEDOUT') return { kind: 'timeout', message: `${at} did not answer a TCP connection` };
  const kind = (await hasRoute(address)) ? 'unreachable' : 'no-route';
  return { kind, message: `no TCP connection to ${at}: ${code}` };
}

async function openUdpLink(server: TurnServer, at: string, events: LinkEvents): Promise<Opened> {
  let over = false;
  const socket = await openUdp(server.address, server.port, {
    onMessage: events.onMessage,
    onError(code) {
      if (over) return;
      over = true;
      const refused = code === 'ECONNREFUSED';
      const message = refused ? `${at} refused (ICMP port unreachable)` : `${at} cannot be reached: ${code}`;
      events.onFailure({ kind: refused ? 'refused' : 'unreachable', message });
    },
  });
  if ('code' in socket) {
    return { failure: { kind: 'no-route', message: `this machine cannot send to ${at}: ${socket.code}` }, steps: [] };
  }
  return { link: { reliable: false, send: socket.send, close: socket.close }, steps: [] };
}

/** Connects and, for `tls`, shakes hands; `steps` holds `connect` if it came about, and `tls`. Never rejects. */
export async function openLink(server: TurnServer, events: LinkEvents, options: LinkOptions): Promise<Opened> {
  const { transport, address, port, host, secureContext, connection } = server;
  const at = `${address.includes(':') ? `[${address}]` : address}:${port}`;
  if (transport === 'udp') return openUdpLink(server, at, events);
  if (connection) return { link: overStream(connection, events), steps: [] };
  const steps: TimedStep[] = [];
  const startMs = options.now();
  const connected = await within(options.timeoutMs, options.signal, (limit) => openTcp(address, port, limit));
  const connectedMs = options.now();
  if ('code' in connected) return { failure: await tcpFailure(connected.code, address, at), steps };
  steps.push({ name: 'connect', startMs, endMs: connectedMs });
  if (transport === 'tcp' || !secureContext) return { link: overStream(connected.socket, events), steps };
  const secured = await within(options.timeoutMs, options.signal, (limit) =>
    secure(connected.socket, host, secureContext, limit),
  );
  steps.push({ name: 'tls', startMs: connectedMs, endMs: options.now() });
  if ('socket' in secured) return { link: overStream(secured.socket, events), steps };
  const message = `TLS handshake with ${host} at ${at} failed: ${secured.code}`;
  if (secured.code === 'ETIMEDOUT') return { failure: { kind: 'timeout', message }, steps };
  // What OpenSSL and the system say about a handshake; all else is about the certificate that came of it.
  const broken = /^(ERR_SSL_|E[A-Z]+$)/.test(secured.code);
  return { failure: { kind: 'tls', message, ...(!broken && { certificate: true }) }, steps };
}
