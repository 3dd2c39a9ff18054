/** The process that checks for the exporter, as the exporter starts it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type Test, test } from 'tap';
import type { Order } from '../../serve/protocol.js';

function start(t: Test): ChildProcess {
  const child = fork(new URL('../../serve/worker.ts', import.meta.url), {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  t.teardown(() => void child.kill('SIGKILL'));
  return child;
}

test('what breaks is told without what it was given', async (t) => {
  const child = start(t);
  const auth = { apiKey: 'key', apiSecret: 'planted-secret' };
  for (const environment of ['planted-secret', JSON.stringify({ name: 'own', url: 'ws://127.0.0.1:9', auth })]) {
    child.send({ kind: 'check', id: 1, environment, depth: 'wire', version: '0.1.0' } satisfies Order);
    const [{ kind, message }] = await once(child, 'message');
    t.equal(kind, 'broken');
    t.notMatch(message, /planted/);
  }
});

test('when nobody listens to it any more it ends in order, whatever it was about to tell', async (t) => {
  const child = start(t);
  let complaints = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  // One that cannot be read is answered at once, and here after the other end has gone, which is not known yet.
  const order: Order = { kind: 'check', id: 1, environment: 'no JSON', depth: 'wire', version: '0.1.0' };
  child.send(order);
  t.match(await once(child, 'message'), [{ kind: 'broken', id: 1 }]);
  child.kill('SIGSTOP');
  child.send(order);
  child.disconnect();
  child.kill('SIGCONT');
  t.same(await once(child, 'exit'), [0, null], complaints);
  t.equal(complaints, '');
});
