/** The websocket of one participant: join, offer, answer, trickled candidates (LiveKit signalling, protocol 16). */
import { randomBytes } from 'node:crypto';
import type { ParticipantInfo, SignalRequest as SignalRequestType } from '@livekit/protocol';
import WebSocket from 'ws';
import type { HttpFacts, SignalFacts } from '../evidence/facts.js';
import type { Redactor } from '../evidence/redaction.js';
import type { Failure } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import { answerFor, type Candidate, candidateInit, parseIce } from '../wire/sdp.js';
import type { IceServer, IceSession } from './shared.js';
import { type Connected, connectSignal, failureOf } from './signal-connection.js';
import { type Endpoint, httpFacts } from './signal-http.js';

const mostMessageBytes = 4 * 1024 * 1024;
const mostCandidates = 64;
const mostIceServers = 32;
const mostParticipants = 64;
/** A timer of more than 24 days would fire at once, again and again. */
const mostPingS = 60;
const quietMs = 300;
/** For whoever does not answer `pingReq`. */
const longestQuietMs = 3000;
/** Up to the answer to the upgrade: a server without its bus takes that long to say so. */
const handshakeMs = 5000;

export interface SessionEvents {
  onUpgrade(): void;
  onIceServers(servers: readonly IceServer[]): void;
  onIceSession(session: IceSession): void;
  /** A candidate more, or the last one. */
  onCandidates(): void;
  /** Who else is there, and whose state changed. */
  onParticipants?(participants: readonly ParticipantInfo[]): void;
}

export interface Session {
  /** Resolves when the candidates are complete, or with why that did not happen. Never rejects. */
  readonly done: Promise<SessionResult>;
  /** Why the connection ended within that time; undefined when it was still open then. Never rejects. */
  cutWithin(ms: number, signal: AbortSignal): Promise<{ code: number; reason: string } | undefined>;
  /** Says goodbye, so that the room goes away, and closes. */
  close(): void;
}

export interface SessionResult {
  readonly upgraded: boolean;
  /** From asking for the upgrade to its answer. */
  readonly answeredMs?: number;
  readonly join?: SignalFacts['join'];
  readonly refusal?: HttpFacts;
  readonly closed?: { code: number; reason: string };
  readonly failure?: Failure;
}

interface OpenIce {
  username: string;
  password: string;
  localPassword: string;
  candidates: Candidate[];
  complete: boolean;
  lite: boolean;
  ourAnswer: { heardMs?: number };
  over?: boolean;
}

/** For a connection that never came about. */
function stillborn(failure: Failure): Session {
  return {
    done: Promise.resolve({ upgraded: false, failure }),
    cutWithin: () => Promise.resolve({ code: 1006, reason: '' }),
    close: () => {},
  };
}

/** Protocol classes cost 10 to 100 ms to load, so they are loaded while the names are still being asked. */
export const loadProtocol = () => import('@livekit/protocol');

export interface SessionOptions {
  readonly redactor: Redactor;
  readonly signal: AbortSignal;
  readonly events: SessionEvents;
  /** Milliseconds. */
  now(): number;
  /** Made before; absent: one is made. */
  readonly connection?: Promise<Connected>;
}

export async function openSession(
  endpoint: Endpoint,
  path: string,
  token: string,
  { redactor, signal, events, now, connection = connectSignal(endpoint, signal) }: SessionOptions,
): Promise<Session> {
  const [{ SignalRequest, SignalResponse, SignalTarget }, { bounded }] = await Promise.all([
    loadProtocol(),
    import('./bounded-reader.js'),
  ]);
  const scheme = endpoint.secure ? 'wss' : 'ws';
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
  const at = `${scheme}://${host}:${endpoint.port}${path}`;
  const connected = await connection;
  if (connected instanceof Error) return stillborn(failureOf(connected, at));
  if (connected.destroyed) return stillborn({ kind: 'reset', message: `${at}: the connection was closed` });
  const query = 'auto_subscribe=1&protocol=16&sdk=js&version=2.23.0';
  // The token goes into a header: proxies write URLs into their logs.
  const socket = new WebSocket(`${at}?${query}`, {
    headers: { authorization: `Bearer ${token}`, 'user-agent': 'livekit-doctor' },
    handshakeTimeout: handshakeMs,
    maxPayload: mostMessageBytes,
    perMessageDeflate: false,
    followRedirects: false,
    createConnection: () => connected,
  });

  const startedMs = performance.now();
  let answeredMs: number | undefined;
  const answered = (): void => {
    answeredMs = performance.now() - startedMs;
  };
  let upgraded = false;
  let join: SessionResult['join'];
  let ice: OpenIce | undefined;
  let quiet: NodeJS.Timeout | undefined;
  let quietPing: bigint | undefined;
  let pinged = BigInt(Date.now());
  let keepAlive: NodeJS.Timeout | undefined;
  let finish: (result: Omit<SessionResult, 'upgraded' | 'answeredMs' | 'join'>) => void = () => {};
  const done = new Promise<SessionResult>((resolve) => {
    finish = (result) => {
      clearTimeout(quiet);
      resolve({ upgraded, ...(answeredMs !== undefined && { answeredMs }), ...(join && { join }), ...result });
    };
  });

  const send = (message: SignalRequestType['message']): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(new SignalRequest({ message }).toBinary());
  };
  /** Everything that was sent before an answer to this came before it. Returns what the answer will bear. */
  const ping = (): bigint => {
    pinged += 1n;
    send({ case: 'pingReq', value: { timestamp: pinged, rtt: 0n } as never });
    return pinged;
  };
  const complete = (): void => {
    if (!ice || ice.complete) return;
    ice.complete = true;
    events.onCandidates();
    finish({});
  };
  /** A lost segment looks like quiet, too, until it has been sent again. */
  const onQuiet = (): void => {
    quietPing = ping();
    quiet = setTimeout(complete, longestQuietMs);
  };
  const learn = (candidate: Candidate | undefined): void => {
    if (!ice || !join || !candidate || ice.candidates.length >= mostCandidates) return;
    ice.candidates.push(candidate);
    join.candidates.push(candidate);
    // Servers that never say "final" are done when they have been quiet for a while.
    clearTimeout(quiet);
    quietPing = undefined;
    quiet = setTimeout(onQuiet, quietMs);
    events.onCandidates();
  };

  const onOffer = (sdp: string): void => {
    const theirs = parseIce(sdp);
    if (!theirs || !join || ice) return;
    const us = { ufrag: randomBytes(6).toString('hex'), password: randomBytes(18).toString('hex') };
    for (const secret of [theirs.password, us.password]) redactor.add(secret);
    join.iceLite = theirs.lite;
    ice = {
      username: `${theirs.ufrag}:${us.ufrag}`,
      password: theirs.password,
      localPassword: us.password,
      candidates: [],
      complete: false,
      lite: theirs.lite,
      ourAnswer: {},
    };
    const fingerprint = [...randomBytes(32)]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join(':')
      .toUpperCase();
    send({ case: 'answer', value: { type: 'answer', sdp: answerFor(sdp, { ...us, fingerprint }) } as never });
    // What is sent behind it is answered after it has come (livekit-server `rtcservice.go`, serve).
    ping();
    events.onIceSession(ice);
    quiet = setTimeout(onQuiet, 3 * quietMs);
    for (const candidate of theirs.candidates) learn(candidate);
  };

  socket.on('upgrade', () => {
    upgraded = true;
    answered();
    events.onUpgrade();
  });
  socket.on('message', (data, isBinary) => {
    if (!isBinary) return;
    let message: InstanceType<typeof SignalResponse>['message'];
    try {
      message = SignalResponse.fromBinary(data as Buffer, bounded).message;
    } catch {
      finish({ failure: { kind: 'no-join', message: `${at} sent a message that is not LiveKit signalling` } });
      return;
    }
    if (message.case === 'join' && !join) {
      const { serverInfo, serverVersion, serverRegion, iceServers, pingInterval, participant } = message.value;
      const permission = participant?.permission && {
        canPublish: participant.permission.canPublish,
        canSubscribe: participant.permission.canSubscribe,
        canPublishData: participant.permission.canPublishData,
      };
      const servers = iceServers
        .flatMap((server) =>
          server.urls.map((url) => ({ url, username: server.username, credential: server.credential })),
        )
        .slice(0, mostIceServers);
      for (const server of servers) redactor.add(server.credential);
      join = {
        serverVersion: printable(serverInfo?.version || serverVersion),
        edition: serverInfo?.edition === 1 ? 'cloud' : 'standard',
        protocol: serverInfo?.protocol ?? 0,
        region: printable(serverInfo?.region || serverRegion),
        nodeId: printable(serverInfo?.nodeId ?? ''),
        iceServers: servers.map(({ url, credential }) => ({ url: printable(url), hasCredential: credential !== '' })),
        ...(permission && { permission }),
        iceLite: false,
        candidates: [],
      };
      keepAlive = setInterval(
        () => send({ case: 'ping', value: BigInt(Date.now()) }),
        Math.min(mostPingS, Math.max(1, pingInterval || 5)) * 1000,
      );
      events.onIceServers(servers);
      events.onParticipants?.(message.value.otherParticipants.slice(0, mostParticipants));
    } else if (message.case === 'update') {
      events.onParticipants?.(message.value.participants.slice(0, mostParticipants));
    } else if (message.case === 'offer') {
      onOffer(message.value.sdp);
    } else if (message.case === 'pongResp') {
      if (ice) ice.ourAnswer.heardMs ??= now();
      if (message.value.lastPingTimestamp === quietPing) complete();
    } else if (message.case === 'trickle' && message.value.target === SignalTarget.SUBSCRIBER) {
      learn(candidateInit(message.value.candidateInit));
      if (message.value.final) complete();
    } else if (message.case === 'leave') {
      if (ice) ice.over = true;
      finish({ failure: { kind: 'closed', message: `the server asked to leave (reason ${message.value.reason})` } });
    }
  });
  socket.on('unexpected-response', async (request, response) => {
    answered();
    const refusal = await httpFacts(response, redactor.text);
    request.destroy();
    finish({
      refusal,
      failure: { kind: 'http', message: `${at} answered ${refusal.status} instead of 101: ${refusal.body}` },
    });
  });
  socket.on('error', (error) => finish({ failure: failureOf(error, at) }));
  socket.on('close', (code, reason) => {
    clearInterval(keepAlive);
    const closed = { code, reason: printable(reason.toString('utf8')) };
    finish({ closed, failure: { kind: 'closed', message: `${at} closed the websocket: ${code} ${closed.reason}` } });
  });

  const onAbort = (): void => {
    const phase = !upgraded ? 'no answer to the websocket upgrade' : !join ? 'no join response' : 'no offer';
    finish({ failure: { kind: upgraded ? 'no-join' : 'timeout', message: `${at}: ${phase} in time` } });
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();

  return {
    done,
    cutWithin(ms, stop) {
      return new Promise((resolve) => {
        const end = (cut?: { code: number; reason: string }): void => {
          clearTimeout(timer);
          stop.removeEventListener('abort', onStop);
          socket.off('close', onClose);
          resolve(cut);
        };
        const onStop = (): void => end();
        const onClose = (code: number, reason: Buffer): void =>
          end({ code, reason: printable(reason.toString('utf8')) });
        const timer = setTimeout(onStop, ms);
        stop.addEventListener('abort', onStop, { once: true });
        socket.on('close', onClose);
        if (socket.readyState === WebSocket.CLOSED) end({ code: 1006, reason: '' });
      });
    },
    close() {
      clearInterval(keepAlive);
      clearTimeout(quiet);
      signal.removeEventListener('abort', onAbort);
      if (socket.readyState === WebSocket.OPEN) {
        send({ case: 'leave', value: { reason: 1, action: 0 } as never });
        socket.close(1000);
        // A peer that never answers the close frame does not hold us up.
        setTimeout(() => socket.terminate(), 500).unref();
      } else {
        socket.terminate();
      }
    },
  };
}
