/** `ice-udp`: an authenticated STUN check to every UDP candidate that the server offers. */
import { pace } from '../wire/pacing.js';
import { openUdp } from '../wire/udp.js';
import { bindingCheck } from './binding-check.js';
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

/**
 * Checks one UDP address. `timeout`: silence until the end of the schedule. `refused`: ICMP says so, at once.
 * `no-route`: this machine cannot send there.
 */
const checkUdp: Check = async (to, session, { schedule, signal, now }) => {
  const check = bindingCheck(session, now);
  const over = new AbortController();
  let result: CheckResult | undefined;
  const end = (with_: CheckResult): void => {
    result ??= with_;
    over.abort();
  };
  const socket = await openUdp(to.address, to.port, {
    onMessage(bytes) {
      const received = check.receive(bytes, to);
      if (!received || result || 'code' in socket) return;
      if ('answer' in received) end(answered(check, received.answer));
      else socket.send('reply' in received ? received.reply : check.request());
    },
    onError(code) {
      if (code === 'ECONNREFUSED') end(failed(check, 'refused', `${at(to)} refused: ICMP says that nothing is bound`));
      else end(failed(check, 'unreachable', `${at(to)} cannot be reached: ${code}`));
    },
  });
  if ('code' in socket) return failed(check, 'no-route', `this machine cannot send to ${at(to)}: ${socket.code}`);
  const stop = (): void => end(failed(check, 'timeout', `stopped after ${check.sent} checks without an answer`));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  await pace(schedule, () => socket.send(check.request()), over.signal);
  signal.removeEventListener('abort', stop);
  socket.close();
  return (
    result ?? failed(check, 'timeout', `${at(to)} did not answer ${check.sent} checks in ${schedule.giveUpAtMs} ms`)
  );
};

export const iceUdp: Probe<IceTarget> = {
  name: 'ice-udp',
  depth: 'wire',
  paths: ['udp'],
  deadlineMs: 4000,
  targets: (known) => iceTargets(known, 'ice-udp'),
  observe: (target, tools) => observeIce(target, tools, checkUdp),
};
