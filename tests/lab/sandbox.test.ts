/** The lab itself, with tools that know nothing of livekit-doctor: what is built, what each vantage sees, what remains. */
import { execFile, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { promisify } from 'node:util';
import t from 'tap';
import { requireLivekitServer } from '../../fixtures/embedded/livekit-server.js';
import type { Choice } from '../../fixtures/lab/compose.js';
import { nodeCommand } from '../../fixtures/lab/entry.js';
import type { Executed } from '../../fixtures/lab/inside.js';
import { labLacks } from '../../fixtures/lab/ready.js';
import { openSandbox, type Sandbox } from '../../fixtures/lab/sandbox.js';
import { type TopologyName, topologyNames } from '../../fixtures/lab/topologies/index.js';

const run = promisify(execFile);
const livekitServer = await requireLivekitServer();
const signal = 'livekit.staging.example.com';
const turn = `turn-${signal}`;
const ca = '/run/lab/shared/ca.pem';

type In = (host: string, command: string) => Promise<Executed>;

async function inLab(choice: Partial<Choice>, look: (on: In, sandbox: Sandbox) => Promise<void>): Promise<void> {
  const sandbox = await openSandbox({ topology: 'plain', vantage: 'open', faults: [], ...choice, livekitServer });
  try {
    await look((host, command) => sandbox.order({ do: 'exec', host, command: ['sh', '-c', command] }), sandbox);
  } finally {
    await sandbox.close();
  }
}

const mapped = async (on: In, server: string): Promise<string | undefined> => {
  const { output } = await on('client', `timeout 2 turnutils_stunclient -p 3478 ${server}`);
  return /reflexive addr: (\S+)/.exec(output)?.[1];
};

t.same(await labLacks(), [], 'a lab can be made on this machine');

for (const topology of topologyNames) {
  t.test(`${topology}: names, certificates and ports are as its data says`, async (t) => {
    await inLab({ topology }, async (on) => {
      const { output: answer } = await on('client', `drill -D ${signal}`);
      t.match(answer, /flags: .*\bad\b.*\n(.*\n)*.*\sA\s+203\.0\.113\.10/, 'signed, validated and resolved');

      const health = await on('client', `curl --silent --show-error --cacert ${ca} https://${signal}/`);
      t.equal(health.output, 'OK', health.complaint);

      const media = topology === 'plain' ? '203.0.113.10' : '203.0.113.20';
      const bare = await on('client', `printf '\\0\\24STUN' | timeout 5 socat -u - TCP:${media}:7881; echo $?`);
      t.equal(bare.output.trim(), '0', 'the port for media over TCP is LiveKit, which closes');

      if (topology !== 'cloud-kubernetes') {
        const { output } = await on(
          'client',
          `openssl s_client -connect ${turn}:443 -CAfile ${ca} -servername ${turn} </dev/null`,
        );
        t.match(output, /Verify return code: 0 \(ok\)/, 'TLS for TURN');
        t.match(output, new RegExp(`subject=CN = ${turn}`));
      }
      const closed = await on('client', `timeout 1 socat -u /dev/null TCP:${media}:7999; echo $?`);
      t.equal(closed.output.trim(), topology === 'plain' ? '1' : '124', 'refused by a host, silent at a load balancer');
    });
  });
}

/** XOR-MAPPED-ADDRESS (RFC 8489 §14.2) of an answer in hexadecimal, IPv4. */
function xorMapped(answer: string): { address: string; port: number } | undefined {
  const [, port, address] = /002000080001(.{4})(.{8})/.exec(answer) ?? [];
  if (port === undefined || address === undefined) return undefined;
  const xored = (Number.parseInt(address, 16) ^ 0x2112a442) >>> 0;
  return {
    address: [24, 16, 8, 0].map((shift) => (xored >>> shift) & 255).join('.'),
    port: Number.parseInt(port, 16) ^ 0x2112,
  };
}

t.test('a vantage maps addresses as its name says', async (t) => {
  // One socket, two destinations (RFC 5780 §4.3): a binding request to the public server and to LiveKit's TURN.
  const request = String.raw`printf '\000\001\000\000\041\022\244\102%012d' 0`;
  const ask = (server: string): string =>
    `${request} | timeout 5 socat -t 0.3 - UDP:${server}:3478,bind=:40404 | od -A n -v -t x1 | tr -d ' \n'`;
  const expected = {
    open: { address: '198.51.100.10', depends: false },
    cone: { address: '198.51.100.20', depends: false },
    symmetric: { address: '198.51.100.20', depends: true },
    'carrier-nat': { address: '198.51.100.20', depends: true },
  };
  for (const [vantage, { address, depends }] of Object.entries(expected)) {
    await inLab({ vantage: vantage as Choice['vantage'] }, async (on) => {
      const answers = [await on('client', ask('192.0.2.78')), await on('client', ask('203.0.113.10'))];
      const [first, second] = answers.map(({ output }) => xorMapped(output));
      t.equal(first?.address, address, vantage);
      t.equal(second?.address, address, vantage);
      t.equal(first?.port !== second?.port, depends, `${vantage}: ${first?.port} and ${second?.port}`);
    });
  }
});

t.test('a blocked vantage lets through what it says, and nothing else', async (t) => {
  const https = `curl --silent --max-time 5 --cacert ${ca} https://${signal}/`;
  await inLab({ vantage: 'udp-blocked' }, async (on) => {
    t.equal((await on('client', https)).output, 'OK');
    t.equal(await mapped(on, '192.0.2.78'), undefined, 'no UDP');
    t.equal((await on('client', 'timeout 5 socat -u /dev/null TCP:203.0.113.10:7881; echo $?')).output, '0\n');
  });
  await inLab({ vantage: 'only-443' }, async (on) => {
    t.equal((await on('client', https)).output, 'OK');
    t.equal((await on('client', 'timeout 1 socat -u /dev/null TCP:203.0.113.10:7881; echo $?')).output, '124\n');
  });
  await inLab({ vantage: 'ipv6-only', topology: 'cloud-kubernetes' }, async (on) => {
    t.equal((await on('client', `${https} --write-out ' %{remote_ip}'`)).output, 'OK 2001:db8:113::10');
    t.equal((await on('client', 'timeout 5 socat -u /dev/null TCP:203.0.113.20:7881; echo $?')).output, '1\n');
  });
});

t.test('a slow vantage is slow, both ways together', async (t) => {
  await inLab({ vantage: 'slow' }, async (on) => {
    const { output } = await on(
      'client',
      'curl --silent --output /dev/null --write-out %{time_connect} http://203.0.113.10/',
    );
    t.ok(Number(output) >= 0.14, `${output} s`);
  });
});

t.test('the vantage sees nothing of this machine: its own host name, resolvers and network', async (t) => {
  await inLab({}, async (on) => {
    t.equal((await on('client', 'hostname')).output, 'client\n');
    t.match(
      (await on('client', 'cat /etc/resolv.conf')).output,
      /^nameserver 198\.51\.100\.53\nnameserver 192\.0\.2\.9\n/,
    );
    t.match(
      (await on('client', 'ip -4 -br addr show')).output,
      /^lo .*127\.0\.0\.1\/8 *\neth0@\S+ .* 198\.51\.100\.10\/24 *\n$/,
    );
  });
});

/** What `/proc` says of a process; undefined: it has ended. */
function ofProcess<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

const allProcesses = (): string[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name));
const pidNamespace = (pid: string): string | undefined => ofProcess(() => readlinkSync(`/proc/${pid}/ns/pid`));

/** Those of this machine that were started with `mark` in their environment; one that is just being executed has none yet. */
const markedWith = (mark: string): string[] =>
  allProcesses().filter((pid) => ofProcess(() => readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark)));

/** Whatever runs in a sandbox, the servers with environments of their own among it. */
const processesIn = (sandbox: string | undefined): string[] =>
  allProcesses().filter((pid) => sandbox !== undefined && pidNamespace(pid) === sandbox);

/** Opens a lab in another process, which says when it is open. */
async function openElsewhere(mark: string): Promise<ReturnType<typeof spawn>> {
  const [node, module] = nodeCommand('sandbox');
  const job: object = { topology: 'cloud-kubernetes', vantage: 'cone', faults: [], livekitServer };
  const program = `const { openSandbox } = await import(${JSON.stringify(module)});
    await openSandbox(${JSON.stringify(job)}); console.log('open'); setInterval(() => {}, 1000);`;
  const child = spawn(node, ['--input-type=module', '--eval', program], {
    env: { ...process.env, LAB_TEST_MARK: mark },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  return child;
}

t.test('nothing is left behind, however its owner ends', async (t) => {
  for (const end of ['SIGKILL', 'SIGTERM', 'SIGINT'] as const) {
    const mark = `lab-${process.pid}-${end}`;
    const child = await openElsewhere(mark);
    const inside = markedWith(mark).find((pid) => ![undefined, pidNamespace('self')].includes(pidNamespace(pid)));
    const sandbox = pidNamespace(inside ?? '');
    // As long as it is open, no other namespace gets its number.
    const held = openSync(`/proc/${inside}/ns/pid`, 'r');
    t.ok(processesIn(sandbox).length > 3, 'the lab runs, with its servers');
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(end);
    await ended;
    const left = (): string[] => [...markedWith(mark), ...processesIn(sandbox)];
    while (left().length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    t.same(left(), [], end);
    closeSync(held);
  }
});

t.test('several labs at once do not notice each other', async (t) => {
  const three: TopologyName[] = ['plain', 'cloud-kubernetes', 'helm-port-range'];
  await Promise.all(
    three.map((topology) =>
      inLab({ topology }, async (on) => {
        t.equal((await on('client', `curl --silent --cacert ${ca} https://${signal}/`)).output, 'OK', topology);
      }),
    ),
  );
});

t.test('a fault that cannot be made is an error that says why, and leaves nothing', async (t) => {
  const job = { topology: 'plain', vantage: 'open', livekitServer } as const;
  await t.rejects(openSandbox({ ...job, faults: ['no-such-fault'] }), { message: 'there is no fault no-such-fault' });
  const wrong = { ...job, faults: [], livekitServer: '/bin/false' };
  await t.rejects(openSandbox(wrong), { message: /^livekit: ended before it listened/ });
});

t.test('an ordinary user can make one', async (t) => {
  // Who is one already has made them above.
  if (process.getuid?.() !== 0) return;
  const [node, module] = nodeCommand('sandbox');
  const job: object = { topology: 'external-turn', vantage: 'carrier-nat', faults: [], livekitServer };
  const program = `const { openSandbox } = await import(${JSON.stringify(module)});
    const sandbox = await openSandbox(${JSON.stringify(job)});
    const { environments } = await sandbox.order({ do: 'check' });
    console.log(process.getuid(), environments[0].verdict);
    await sandbox.close();`;
  const asNobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
  const readable = await run('setpriv', [...asNobody, 'test', '-r', module, '-a', '-x', livekitServer]).then(
    () => true,
    () => false,
  );
  // In a checkout that only root may read, root's own files under another user's rights.
  const who = readable ? ['setpriv', ...asNobody] : ['unshare', '--user', '--map-user=65534', '--map-group=65534'];
  const [first = '', ...rest] = [...who, node, '--input-type=module', '--eval', program];
  t.equal((await run(first, rest)).stdout, '65534 pass\n');
});
