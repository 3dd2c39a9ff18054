/**
 * The process that checks for the exporter. What a check needs takes more memory than an exporter at rest should have,
 * and a crash in it must not end the exporter. Orders come over IPC.
 */
import { readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { ConfigurationError, type Environment, secretsOf } from '../environment/environment.js';
import { redactor } from '../evidence/redaction.js';
import type { Depth, Run } from '../evidence/run.js';
import type { History } from '../run/history.js';
import { unpacked } from './packed.js';
import type { Answer, Keeping, Order, Usage } from './protocol.js';
import { loadServed } from './served.js';

type Check = Extract<Order, { kind: 'check' }>;

const running = new Map<number, AbortController>();
let ending = false;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What breaks may repeat what it was given, and is told in the log and by `/probe`. */
function withoutSecrets(error: unknown, environment: Environment | undefined): string {
  if (!environment) return 'the order to check could not be read';
  const clean = redactor();
  for (const secret of secretsOf(environment.auth)) clean.add(secret);
  return clean.text(messageOf(error));
}

function send(answer: Answer): void {
  // Nobody listens any more when the parent has died or ends us, and then `disconnect` follows. What is open is closed first.
  if (process.connected) process.send?.(answer, undefined, undefined, () => {});
}

async function load({ wanted }: Extract<Order, { kind: 'load' }>): Promise<Answer> {
  try {
    return { kind: 'loaded', ...(await loadServed(wanted, process.env)) };
  } catch (error) {
    const isMistake = error instanceof ConfigurationError;
    return isMistake
      ? { kind: 'refused', message: error.message }
      : { kind: 'broken', id: 0, message: messageOf(error) };
  }
}

async function check({ id, environment: order, depth, keeping, ...about }: Check): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  let environment: Environment | undefined;
  try {
    environment = unpacked(order);
    const run = await runOnce(environment, depth, about, controller.signal);
    const { told, notKept } = await keep(run, depth, keeping);
    const text = JSON.stringify(told);
    const kept = notKept === undefined ? {} : { notKept };
    send({ kind: 'checked', id, run: withoutPictures(text), document: gzipSync(text), ...kept, usage: usage() });
  } catch (error) {
    send({ kind: 'broken', id, message: withoutSecrets(error, environment) });
  } finally {
    running.delete(id);
    if (ending && running.size === 0) process.exit(0);
  }
}

async function runOnce(
  environment: Environment,
  depth: Depth,
  { version, vantage }: Pick<Check, 'version' | 'vantage'>,
  signal: AbortSignal,
): Promise<Run> {
  const { runChecks, warmUp } = await import('../run/run.js');
  const coolDown = warmUp({ depth });
  try {
    return await runChecks({ environments: [environment], depth, vantage, version, signal });
  } finally {
    await coolDown();
  }
}

/** By depth. Each remembers the course of the environments, so that files need not be read again. */
const histories = new Map<Depth, Promise<History>>();

async function historyOf(depth: Depth, { directory, keepMs }: Keeping): Promise<History> {
  const { openHistory } = await import('../run/history.js');
  const history = histories.get(depth) ?? openHistory(directory, { depth, keepMs });
  histories.set(depth, history);
  return history.catch((error) => {
    histories.delete(depth);
    throw error;
  });
}

/** With what changed since the last good one, and the course of those before. */
async function keep(run: Run, depth: Depth, keeping: Keeping | undefined): Promise<{ told: Run; notKept?: string }> {
  if (!keeping) return { told: run };
  const [{ withChanges }, { withTrend }] = await Promise.all([import('../run/since.js'), import('../run/trend.js')]);
  try {
    const history = await historyOf(depth, keeping);
    const compared = await withChanges(run, 'last-good', (name) => history.lastGood(name).catch(() => undefined));
    const told = await withTrend(compared, history.trend);
    await history.keep(told);
    return { told };
  } catch (error) {
    return { told: run, notKept: messageOf(error) };
  }
}

/** They are most of a document, which is here as JSON. */
function withoutPictures(document: string): Run {
  const isPicture = (value: unknown): boolean => typeof value === 'string' && value.startsWith('data:image/');
  return JSON.parse(document, (_, value) => (isPicture(value) ? undefined : value));
}

function usage(): Usage {
  const rssBytes = process.memoryUsage.rss();
  try {
    return { rssBytes, openFiles: readdirSync('/proc/self/fd').length };
  } catch {
    return { rssBytes };
  }
}

/** Rooms are left and browsers closed first. */
function end(): void {
  ending = true;
  for (const controller of running.values()) controller.abort();
  if (running.size === 0) process.exit(0);
}

// A terminal and a service manager send them to us too, but the parent says when it is over.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.on(signal, () => {});
process.on('disconnect', end);
process.on('message', (order: Order) => {
  if (order.kind === 'load') void load(order).then(send);
  else if (order.kind === 'check') void check(order);
  else running.get(order.id)?.abort();
});
