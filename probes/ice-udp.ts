/** `ice-udp`: an authenticated STUN check to every UDP candidate that the server offers. */
import { openUdp, type UdpSocket } from '../wire/udp.js';
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
import { paceUntilCertain, unheard } from './ice-patience.js';
import type { Probe } from './probe.js';

/**
 * UDP payloads that are tried. `neededBytes` is the largest that participants and livekit-server send of themselves:
 * - RTP of 1200 bytes (libwebrtc, media/base/media_constants.h: kVideoMtu) and 16 of an SRTP tag (RFC 7714 §14.2): 1216;
 * - SCTP of 1191 bytes (libwebrtc: kSctpMtu; pion/sctp association.go: initialMTU) in a DTLS record with AES-GCM, 13 + 24
 *   bytes more: 1228, which fits into the smallest MTU of IPv6 even behind a TURN channel header.
 * Larger ones are only worth knowing.
 */
const neededBytes = 1228;
const sizes: readonly number[] = [neededBytes, 1200, 1100, 1000, 576, 1280, 1372, 1472];

/** 14 sends leave one false alarm in a million at 20 % loss in each direction. */
const certain = 14;

/**
 * One per size. Of two nodes that take half of the flows each, eight meet only one in 1 of 128 cases, so where some are
 * silent as many again are opened: then it is 1 in 32,768, and as rare that all are silent.
 */
const flowsAtOnce = sizes.length;
const widenAtMs = 400;

/** After the first answer a flow without one has lost a packet, and need not wait for the next turn. */
const catchUpMs = 10;
/** Beside the time that the first refusal took: what is answered has been answered by then. */
const graceMs = 20;

/** Packets are numbered in the order in which they were sent, over whichever flow. */
interface Tries {
  readonly sent: { readonly check: number; readonly packet: number }[];
  /** The packet whose answer came first. */
  answered?: number;
}

/** A port of its own, which meets always the same node behind a load balancer. */
interface Flow {
  readonly socket: UdpSocket;
  answered: boolean;
  /** How the peer, or the way there, ended it. */
  error?: 'refused' | 'unreachable';
  /** The padded check that goes along. */
  readonly bytes: number | undefined;
  /** Without padding, and with. */
  readonly plain: Tries;
  readonly padded: Tries;
  tooLong: boolean;
}

/** By its class (RFC 8489 §5), without looking further. */
const isRequest = (message: Buffer): boolean => message[0] === 0 && message[1] === 1;

/**
 * Checks one UDP address. `timeout`: silence until the end of the schedule. `refused`: ICMP says so, at once.
 * `no-route`: this machine cannot send there. One flow that is answered makes it `ok`.
 */
const checkUdp: Check = async (to, session, { schedule, signal, thorough, now }) => {
  const check = bindingCheck(session, now);
  const over = new AbortController();
  const startMs = now();
  const flows: Flow[] = [];
  let sent = 0;
  let packets = 0;
  let plainBytes = 0;
  let first: Answer | undefined;
  let failure: { kind: 'refused' | 'unreachable'; message: string } | undefined;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  /** Of the check that was made last. */
  const packet = (): Tries['sent'][number] => ({ check: check.sent, packet: ++packets });
  const decided = (flow: Flow): boolean => flow.answered || flow.error !== undefined;
  const end = (): void => over.abort();
  const sizeKnown = (): boolean =>
    flows.some(({ bytes, padded, tooLong }) => bytes === neededBytes && (padded.answered || tooLong)) ||
    !flows.some(({ bytes, answered, error }) => bytes === neededBytes && (answered || !error));
  const settle = (): void => {
    if (flows.every(decided) && (!first || !thorough || sizeKnown())) end();
  };

  const open = async (bytes: number | undefined): Promise<string | undefined> => {
    let flow: Flow | undefined;
    const socket = await openUdp(to.address, to.port, {
      onMessage(message) {
        // The server checks every flow in turn. One that replies is enough for it, and each costs two HMACs.
        if (flow !== flows[0] && isRequest(message)) return;
        const received = flow && check.receive(message, to);
        if (!flow || !received || over.signal.aborted) return;
        if ('answer' in received) onAnswer(flow, received.answer);
        else if ('reply' in received) flow.socket.send(received.reply);
        else {
          flow.socket.send(check.request());
          flow.plain.sent.push(packet());
        }
      },
      onError(code) {
        if (!flow || decided(flow)) {
          if (flow && code === 'EMSGSIZE') flow.tooLong = true;
        } else if (code === 'EMSGSIZE') flow.tooLong = true;
        else onError(flow, code);
      },
    });
    if ('code' in socket) return socket.code;
    if (over.signal.aborted) socket.close();
    else {
      flow = { socket, answered: false, bytes, plain: { sent: [] }, padded: { sent: [] }, tooLong: false };
      flows.push(flow);
    }
    return undefined;
  };

  const onAnswer = (flow: Flow, answer: Answer): void => {
    flow.answered = true;
    const tries = answer.paddedTo === undefined ? flow.plain : flow.padded;
    const which = tries.sent.find((one) => one.check === answer.number);
    if (which) tries.answered ??= which.packet;
    if (!first) {
      first = answer;
      clearTimeout(timer);
      timer = setTimeout(send, catchUpMs);
    }
    settle();
  };

  const onError = (flow: Flow, code: string): void => {
    flow.error = code === 'ECONNREFUSED' ? 'refused' : 'unreachable';
    failure ??=
      flow.error === 'refused'
        ? { kind: 'refused', message: `${at(to)} refused: ICMP says that nothing is bound` }
        : { kind: 'unreachable', message: `${at(to)} cannot be reached: ${code}` };
    // Hosts send few ICMP errors per second, so the other flows may never hear of it.
    if (!first) timer ??= setTimeout(() => !first && end(), now() - startMs + graceMs);
    settle();
  };

  const send = (): void => {
    const waiting = flows.filter((flow) => !decided(flow));
    if (waiting.length > 0) {
      const request = check.request();
      plainBytes = request.length;
      sent += waiting.length;
      for (const { socket, plain } of waiting) {
        plain.sent.push(packet());
        socket.send(request);
      }
    }
    for (const flow of flows) {
      // The first goes along unasked for; more is only sent to who has answered.
      if (!flow.bytes || flow.padded.answered || (flow.padded.sent.length > 0 && !flow.answered)) continue;
      const request = check.padded(flow.bytes);
      flow.padded.sent.push(packet());
      flow.socket.send(request);
    }
  };

  const opened = await Promise.all(thorough ? sizes.map(open) : [open(undefined)]);
  const [code] = opened;
  if (flows.length === 0) return failed(check, 'no-route', `this machine cannot send to ${at(to)}: ${code}`);
  const stop = (): void => {
    stopped = true;
    end();
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const widen = setTimeout(() => {
    const silent = flows.filter((flow) => !decided(flow));
    // What a silent flow should have carried goes with a new one.
    if (thorough && silent.length > 0) for (let i = 0; i < flowsAtOnce; i++) void open(silent[i]?.bytes);
  }, widenAtMs);
  const heard = await paceUntilCertain(schedule, send, over.signal, session, now);
  over.abort();
  clearTimeout(timer);
  clearTimeout(widen);
  signal.removeEventListener('abort', stop);
  for (const { socket } of flows) socket.close();
  return conclude();

  function conclude(): CheckResult {
    const refusals = flows.filter(({ error }) => error).length;
    const many = thorough &&
      !stopped && {
        flows: {
          tried: flows.length,
          answered: flows.filter((flow) => flow.answered).length,
          ...(refusals > 0 && { refused: refusals }),
        },
      };
    if (first) {
      const seen = { ...answered(check, first), sent, ...many };
      return thorough ? { ...seen, sizes: sizesOf(flows, plainBytes), loss: lossOf(flows) } : seen;
    }
    if (failure && !stopped) return { ...failed(check, failure.kind, failure.message), sent, ...many };
    if (!heard) return { ...failed(check, 'late', `${at(to)} did not answer, but ${unheard(session)}`), sent };
    const from = flows.length > 1 ? `from ${flows.length} ports ` : '';
    const silence = stopped
      ? `stopped after ${sent} checks without an answer`
      : `${at(to)} did not answer ${sent} checks ${from}in ${schedule.giveUpAtMs} ms`;
    return { ...failed(check, 'timeout', silence), sent, ...many };
  }
};

function sizesOf(flows: readonly Flow[], plainBytes: number): CheckResult['sizes'] {
  const of = (which: (flow: Flow) => boolean): number[] =>
    [...new Set(flows.filter(which).flatMap(({ bytes }) => bytes ?? []))].sort((a, b) => a - b);
  const answeredBytes = of(({ padded }) => padded.answered !== undefined);
  const open = ({ bytes = 0 }: Flow): boolean => !answeredBytes.includes(bytes);
  return {
    answeredBytes: [plainBytes, ...answeredBytes],
    silentBytes: of((flow) => open(flow) && !flow.tooLong && flow.padded.sent.length >= certain),
    notSent: of((flow) => open(flow) && flow.tooLong),
  };
}

function lossOf(flows: readonly Flow[]): CheckResult['loss'] {
  const tries = flows.flatMap(({ plain, padded }) => [plain, padded]);
  const answered = tries.flatMap((one) => (one.answered === undefined ? [] : [{ ...one, answered: one.answered }]));
  // Before the first one that was answered the server may not have been able to.
  const able = Math.min(...answered.map((one) => one.answered));
  const counted = answered.map(
    (one) => one.sent.filter(({ packet }) => packet > able && packet <= one.answered).length,
  );
  const sent = counted.reduce((sum, one) => sum + one, 0);
  return { sent, lost: sent - counted.filter((one) => one > 0).length };
}

export const iceUdp: Probe<IceTarget> = {
  name: 'ice-udp',
  depth: 'wire',
  paths: ['udp'],
  deadlineMs: 7000,
  targets: (known) => iceTargets(known, 'ice-udp'),
  observe: (target, tools) => observeIce(target, tools, checkUdp),
};
