/** `ice-tcp`: an authenticated STUN check over a TCP connection to every TCP candidate that the server offers. */
import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import { printable } from '../evidence/text.js';
import { frame, iceTcpDeframer } from '../wire/framing.js';
import { openTcp } from '../wire/tcp.js';
import { hasRoute } from '../wire/udp.js';
import { type BindingCheck, bindingCheck } from './binding-check.js';
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
import type { Probe } from './probe.js';

type To = Parameters<Check>[0];

/**
 * A lost segment is sent again by the kernel too late to be told from silence, so a connection that says nothing gets
 * another one beside it. (While there is none, `openTcp` sees to it.)
 */
const attemptEveryMs = 250;

/** What comes over one connection; undefined if that is nothing until the signal aborts. */
function converse(socket: Socket, to: To, check: BindingCheck, signal: AbortSignal): Promise<CheckResult | undefined> {
  return new Promise((resolve) => {
    const deframer = iceTcpDeframer();
    const end = (result?: CheckResult): void => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(result);
    };
    const onAbort = (): void => end();
    const notStun = (): CheckResult => ({
      ...failed(check, 'not-stun', `what answers at ${at(to)} is not ICE over TCP`),
      plaintext: printable(deframer.rest().subarray(0, 200).toString('latin1')),
    });
    const onClosed = (): void =>
      end(
        deframer.rest().length > 0 && check.received === 0
          ? notStun()
          : failed(check, 'closed', `${at(to)} accepted the connection and closed it without an answer`),
      );
    socket.on('data', (chunk: Buffer) => {
      for (const message of deframer.push(chunk)) {
        const received = check.receive(message, to);
        if (received && 'answer' in received) return end(answered(check, received.answer));
        if (received) socket.write(frame('reply' in received ? received.reply : check.request()));
      }
      if (deframer.broken) end(notStun());
    });
    socket.on('error', onClosed);
    socket.on('end', onClosed);
    socket.on('close', onClosed);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    else socket.write(frame(check.request()));
  });
}

async function notConnected(code: string, to: To, check: BindingCheck): Promise<CheckResult> {
  if (code === 'ECONNREFUSED') return failed(check, 'refused', `${at(to)} refused the connection`);
  const kind = (await hasRoute(to.address)) ? 'unreachable' : 'no-route';
  return failed(check, kind, `no TCP connection to ${at(to)}: ${code}`);
}

/**
 * Checks one TCP address. `timeout`: no connection, or one that stays silent (then there is `connectMs`).
 * `refused`: RST. `closed`: accepted, then ended without an answer. `not-stun`: something else talks there.
 */
const checkTcp: Check = async (to, session, { schedule, signal, now }) => {
  const check = bindingCheck(session, now);
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  let connectMs: number | undefined;
  let connecting = false;
  let stopped = false;
  const result = await new Promise<CheckResult | undefined>((resolve) => {
    const onAbort = (): void => {
      stopped = true;
      resolve(undefined);
    };
    const attempt = async (): Promise<void> => {
      if (connecting) return;
      connecting = true;
      const startMs = now();
      const opened = await openTcp(to.address, to.port, over.signal);
      connecting = false;
      if (over.signal.aborted) {
        if ('socket' in opened) opened.socket.destroy();
        return;
      }
      if ('code' in opened) return resolve(await notConnected(opened.code, to, check));
      connectMs ??= now() - startMs;
      const heard = await converse(opened.socket, to, check, over.signal);
      if (heard) resolve(heard);
    };
    const attempts = setInterval(attempt, attemptEveryMs);
    // Late timers let what has arrived be read first: see `pace`.
    const limit = setTimeout(() => setImmediate(resolve, undefined), schedule.giveUpAtMs);
    signal.addEventListener('abort', onAbort, { once: true });
    over.signal.addEventListener('abort', () => {
      clearInterval(attempts);
      clearTimeout(limit);
      signal.removeEventListener('abort', onAbort);
    });
    if (signal.aborted) onAbort();
    else void attempt();
  });
  over.abort();
  const silence = stopped
    ? `stopped before ${at(to)} answered`
    : connectMs === undefined
      ? `${at(to)} did not answer a TCP connection in ${schedule.giveUpAtMs} ms`
      : `${at(to)} accepted the connection but did not answer in ${schedule.giveUpAtMs} ms`;
  return {
    ...(connectMs !== undefined && { connectMs }),
    ...(result ?? failed(check, 'timeout', silence)),
  };
};

export const iceTcp: Probe<IceTarget> = {
  name: 'ice-tcp',
  depth: 'wire',
  paths: ['tcp'],
  deadlineMs: 4000,
  targets: (known) => iceTargets(known, 'ice-tcp'),
  observe: (target, tools) => observeIce(target, tools, checkTcp),
};
