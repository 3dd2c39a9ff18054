/** The short form of the benchmark: everybody has an answer, and ours is right. How long it took decides nothing. */
import { spawnSync } from 'node:child_process';
import t from 'tap';
import type { Performance } from '../../bench/performance.js';

t.test('npm run bench -- --quick', { timeout: 600_000 }, async (t) => {
  const command = ['--import=@tapjs/typescript/import', 'bench/main.ts', '--quick', '--json'];
  const { stdout, stderr, status } = spawnSync(process.execPath, command, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  t.equal(status, 0, stderr.slice(-4000));
  const made = JSON.parse(stdout) as Performance;
  for (const { name, rows } of made.compared) {
    for (const { contestant, took, says, right, of } of rows) {
      t.ok(took.medianMs > 0, `${name}: ${contestant} says ${Object.keys(says).join('; ')}`);
      if (contestant.startsWith('ours')) t.equal(right, of, `${name}: ${contestant} is right`);
    }
  }
  const [healthy, silent] = made.compared;
  t.match(healthy?.rows.map(({ contestant }) => contestant).sort(), [
    'ConnectionCheck',
    'ours, media',
    'ours, wire',
    'plain Playwright',
    'terminal tools',
  ]);
  t.ok(
    healthy?.steps.some(({ id }) => id.startsWith('ice-udp')),
    'where the time of a healthy run goes',
  );
  const notRight = silent?.rows.find(({ contestant }) => contestant === 'plain Playwright');
  t.equal(notRight?.right, 0, 'a script that joins sees nothing of a path that is silent');
  for (const { environments, passed, of, maxRssMb, cpu } of [...made.wireScale, ...made.mediaScale]) {
    t.equal(passed, of, `${environments} environments pass`);
    t.ok(maxRssMb > 0 && cpu.medianMs > 0, 'what they took is known');
  }
  for (const process of ['livekit-server', 'Chromium: renderer', 'this tool: probes, diagnosis, report']) {
    const share = made.account.find((one) => one.process === process);
    t.ok(share && share.ms > 0, `it is known what ${process} needs of the processor`);
  }
  t.ok(made.startup.every(({ took }) => took.medianMs > 0));
});
