/** `ice-tcp`: an authenticated STUN check over a TCP connection to every TCP candidate that the server offers. */
import { connect, type Socket } from 'node:net';
import { printable } from '../evidence/text.js';
import { frame, iceTcpDeframer } from '../wire/framing.js';
import { encode, newTransactionId } from '../wire/stun.js';
import { hasRoute } from '../wire/udp.js';
import { type Answer, bindingCheck } from './binding-check.js';
import {
  answered,
  at,
  type Check,
  type CheckResult,
  failed,
  type IceTarget,
  iceTargets,
  observeIce,
} from './ice-check.js';
import { answerableMs, unheard, untilAnswerable } from './ice-patience.js';
import type { Probe } from './probe.js';

/**
 * A lost segment is sent again by the kernel too late to be told from silence, so as long as nothing is answered another
 * connection is opened beside it.
 */
const attemptEveryMs = 250;
/**
 * Of two nodes that take half of the connections each, eight meet only one in 1 of 128 cases. They are not opened where
 * UDP, at the same address, has met one server only.
 */
const flowsInAll = 8;
/** After the first answer the others should be there, too; so many may have lost a segment, which is not waited for. */
const lostAtMost = 2;
const graceMs = 20;
/** A connection that was accepted gets as long as this to answer: four times sent by the kernel, and the reply as often. */
const patienceMs = 1500;
/** Before this an accepted connection is not called silent: the machine may have been too busy to look. */
const silentMs = 1000;
/** Below the probe's deadline; without the time in which the server had not our answer yet. */
const latestMs = 3700;
const unnamedAfterMs = 400;

interface Flow {
  readonly socket: Socket;
  state: 'connecting' | 'accepted' | 'answered' | 'closed' | 'refused' | 'not-stun' | 'unreachable';
  acceptedMs?: number;
  connectMs?: number;
  code?: string;
  plaintext?: string;
}

/**
 * Checks one TCP address. `timeout`: no connection, or one that stays silent (then there is `connectMs`).
 * `refused`: RST. `closed`: accepted, then ended without an answer. `not-stun`: something else talks there. `late`: it was
 * accepted so late that its silence means nothing. One connection that is answered makes it `ok`.
 */
const checkTcp: Check = async (to, session, { schedule, signal, thorough, oneNode, onEnd, now }) => {
  const check = bindingCheck(session, now);
  const sockets = new Set<Socket>();
  const flows: Flow[] = [];
  const startMs = now();
  let first: Answer | undefined;
  let over = false;
  let stopped = false;
  let certain = false;
  let graceEndMs = Number.POSITIVE_INFINITY;
  let wide = !thorough;
  let closesUnnamed: boolean | undefined;
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = () => {
      over = true;
      resolve();
    };
  });
  const timers: NodeJS.Timeout[] = [];
  const after = (ms: number, then: () => void): void => {
    timers.push(setTimeout(then, ms));
  };
  const inState = (...states: Flow['state'][]): Flow[] => flows.filter(({ state }) => states.includes(state));

  /** Called whenever a connection came to something. */
  const settle = (): void => {
    const open = inState('accepted').length;
    const connecting = inState('connecting').length;
    const graceOver = now() >= graceEndMs;
    if (first) {
      if (!thorough || oneNode()) finish();
      else if (!wide) widen();
      else if (open + connecting <= (graceOver ? lostAtMost : 0)) finish();
      return;
    }
    const talks = inState('not-stun').length > 0;
    const ended = talks || flows.length > open + connecting;
    if (ended && !talks && !wide) widen();
    else if (talks || open + connecting === 0 || (ended && graceOver && open === 0)) finish();
  };
  const grace = (ms: number): void => {
    graceEndMs = now() + ms;
    after(ms + 1, settle);
  };

  const widen = (): void => {
    wide = true;
    if (over) return;
    grace(now() - startMs + graceMs);
    while (flows.length < flowsInAll) attempt();
  };

  const attempt = (): void => {
    const beganMs = now();
    const deframer = iceTcpDeframer();
    const socket = connect({ host: to.address, port: to.port, noDelay: true });
    const flow: Flow = { socket, state: 'connecting' };
    sockets.add(socket);
    flows.push(flow);
    const become = (state: Flow['state'], more: Partial<Flow> = {}): void => {
      if (over || (flow.state !== 'connecting' && flow.state !== 'accepted')) return;
      const isFirst = flows.every((one) => one.state === 'connecting' || one.state === 'accepted');
      Object.assign(flow, { state, ...more });
      // Where the last connection of a session closes livekit-server forgets it for ICE/TCP (pion/ice tcp_packet_conn.go,
      // startReading), so one that was answered stays open for those that come later, to other addresses as well.
      if (state !== 'accepted' && state !== 'answered') socket.destroy();
      // The first outcome tells how long the others may take.
      if (isFirst && state !== 'accepted' && !first) grace(now() - startMs + graceMs);
      settle();
    };
    const notStun = (): void =>
      become('not-stun', { plaintext: printable(deframer.rest().subarray(0, 200).toString('latin1')) });
    const closed = (code?: string): void => {
      if (flow.state === 'connecting')
        become(code === 'ECONNREFUSED' ? 'refused' : 'unreachable', { code: code ?? 'ECONNRESET' });
      else if (deframer.rest().length > 0 && check.received === 0) notStun();
      else become('closed');
    };
    socket.once('connect', () => {
      flow.acceptedMs = now();
      flow.connectMs = flow.acceptedMs - beganMs;
      become('accepted');
      if (!over) socket.write(frame(check.request()));
    });
    socket.on('data', (chunk: Buffer) => {
      for (const message of deframer.push(chunk)) {
        const received = over ? undefined : check.receive(message, to);
        if (received && 'answer' in received) {
          if (!first) {
            sockets.delete(socket);
            onEnd(() => socket.destroy());
            grace(graceMs);
          }
          first ??= received.answer;
          return become('answered');
        }
        if (received) socket.write(frame('reply' in received ? received.reply : check.request()));
      }
      if (deframer.broken) notStun();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => closed(error.code));
    socket.on('end', () => closed());
    socket.on('close', () => closed());
  };

  /** LiveKit closes the connection on which a first message bears no USERNAME (pion/ice tcp_mux.go, handleConn). */
  const askUnnamed = (): void => {
    if (over || first || inState('accepted').length === 0 || inState('closed').length > 0) return;
    const socket = connect({ host: to.address, port: to.port, noDelay: true });
    sockets.add(socket);
    closesUnnamed = false;
    let said = false;
    const request = { class: 'request', method: 'binding', transactionId: newTransactionId(), attributes: [] } as const;
    socket.once('connect', () => socket.write(frame(encode(request, { fingerprint: true }))));
    socket.on('data', () => {
      said = true;
    });
    socket.on('error', () => {});
    socket.on('end', () => {
      if (!over && !said) closesUnnamed = true;
    });
  };

  const stop = (): void => {
    stopped = true;
    finish();
  };
  signal.addEventListener('abort', stop, { once: true });
  const giveUp = (): void => {
    const fromMs = answerableMs(session, startMs) ?? startMs;
    const [listening = Number.NEGATIVE_INFINITY] = inState('accepted').map(({ acceptedMs = 0 }) =>
      Math.max(acceptedMs, fromMs),
    );
    const moreMs = Math.min(listening + patienceMs, fromMs + latestMs) - now();
    certain = first !== undefined || moreMs <= 0;
    // Late timers let what has arrived be read first: see `pace`.
    if (certain) setImmediate(finish);
    else after(moreMs, giveUp);
  };
  after(schedule.giveUpAtMs, () => {
    if (first || !thorough) giveUp();
    else void untilAnswerable(session, startMs, now, signal).then(() => !over && giveUp());
  });
  const attempts = setInterval(() => {
    // Before it has our answer the server drops checks, and unlike over UDP they are not sent again of themselves.
    const silent = inState('accepted');
    const request = silent.length > 0 ? frame(check.request()) : Buffer.alloc(0);
    for (const { socket } of silent) socket.write(request);
    if (!wide) widen();
    else if (!first) attempt();
  }, attemptEveryMs);
  after(unnamedAfterMs, askUnnamed);
  if (signal.aborted) stop();
  else attempt();
  await finished;
  signal.removeEventListener('abort', stop);
  clearInterval(attempts);
  for (const timer of timers) clearTimeout(timer);
  for (const socket of sockets) socket.destroy();
  return conclude();

  async function conclude(): Promise<CheckResult> {
    const endMs = now();
    const fromMs = answerableMs(session, startMs);
    const [connectMs] = flows.flatMap((flow) => flow.connectMs ?? []);
    const silent = inState('accepted').filter(
      ({ acceptedMs = endMs }) => endMs - Math.max(acceptedMs, fromMs ?? endMs) >= silentMs,
    ).length;
    const refused = inState('refused', 'closed', 'not-stun').length;
    const replied = inState('answered').length;
    const many = thorough &&
      !stopped && {
        flows: {
          tried: replied + refused + (certain ? silent : 0),
          answered: replied,
          ...(refused > 0 && { refused }),
        },
      };
    const seen = { ...(connectMs !== undefined && { connectMs }), ...many };
    if (first) return { ...answered(check, first), ...seen };
    const [other] = inState('not-stun');
    if (other) {
      const failure = failed(check, 'not-stun', `what answers at ${at(to)} is not ICE over TCP`);
      return { ...failure, ...seen, ...(other.plaintext !== undefined && { plaintext: other.plaintext }) };
    }
    if (stopped) return { ...failed(check, 'timeout', `stopped before ${at(to)} answered`), ...seen };
    if (inState('closed').length > 0)
      return {
        ...failed(check, 'closed', `${at(to)} accepted the connection and closed it without an answer`),
        ...seen,
      };
    if (silent > 0) {
      const failure = failed(check, 'timeout', `${at(to)} accepted the connection but did not answer`);
      return { ...failure, ...seen, ...(closesUnnamed !== undefined && { closesUnnamed }) };
    }
    if (connectMs !== undefined && inState('accepted').length > 0)
      return failed(
        check,
        'late',
        `${at(to)} accepted the connection${fromMs === undefined ? `, but ${unheard(session)}` : ' too late to be waited for'}`,
      );
    if (inState('refused').length > 0)
      return { ...failed(check, 'refused', `${at(to)} refused the connection`), ...seen };
    const [lost] = inState('unreachable');
    if (lost) {
      const kind = (await hasRoute(to.address)) ? 'unreachable' : 'no-route';
      return { ...failed(check, kind, `no TCP connection to ${at(to)}: ${lost.code}`), ...seen };
    }
    return {
      ...failed(check, 'timeout', `${at(to)} did not answer a TCP connection in ${schedule.giveUpAtMs} ms`),
      ...seen,
    };
  }
};

export const iceTcp: Probe<IceTarget> = {
  name: 'ice-tcp',
  depth: 'wire',
  paths: ['tcp'],
  deadlineMs: 7000,
  targets: (known) => iceTargets(known, 'ice-tcp'),
  observe: (target, tools) => observeIce(target, tools, checkTcp),
};
