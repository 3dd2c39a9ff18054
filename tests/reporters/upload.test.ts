/** What an object store gets, and what is said where it takes nothing: never a part of the URL, which is a secret. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Test, test } from 'tap';
import { bufferOutput } from '../../cli/output.js';
import { openReports } from '../../cli/reports.js';
import { put } from '../../reporters/upload.js';
import { cli } from '../cli/cli.js';
import { healthy, run, wrongAddress } from '../samples.js';
import { holdsNoSecret } from '../secrets.js';

const signature = 'AWS4canary/fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024';
const variable = 'LIVEKIT_DOCTOR_UPLOAD_URL';

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** As S3 does it, which repeats what it was sent (docs.aws.amazon.com, "Error responses"). */
const denied = (url: string) =>
  `<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired: ${url}</Message></Error>`;

/** Answers with one after the other, the last again and again; 0 closes the connection, 1 never answers. */
async function store(t: Test, ...answers: [Answer, ...Answer[]]) {
  const puts: { method: string; path: string; headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      puts.push({ method, path, headers, body: Buffer.concat(parts).toString() });
      const { status, headers: more, body = '' } = answers[Math.min(puts.length, answers.length) - 1] as Answer;
      if (status === 0) request.socket.destroy();
      else if (status > 1) response.writeHead(status, more).end(body.replace('URL', path));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const query = `X-Amz-Expires=600&X-Amz-Signature=${encodeURIComponent(signature)}`;
  return { puts, host, url: `http://${host}/runs/run.json?${query}` };
}

async function send(of: ReturnType<typeof run>, url: string) {
  const [out, progress] = [bufferOutput(), bufferOutput()];
  const env = { [variable]: url };
  const { reporter, exitCode } = await openReports({ reporter: ['upload'] }, [], { out, progress, cwd: '.', env });
  await reporter.onEnd(of);
  return { out: out.text(), progress: progress.text(), code: exitCode(of, 'error') };
}

test('the run document is put there, and nothing is said', async (t) => {
  const { puts, url } = await store(t, { status: 200 });
  const { out, progress, code } = await send(run(healthy), url);
  t.equal(progress, '');
  t.equal(code, 0);
  t.match(out, /✓ pass/, 'the console has standard output');
  t.match(puts, [
    { method: 'PUT', path: url.slice(url.indexOf('/runs')), headers: { 'content-type': 'application/json' } },
  ]);
  t.equal(puts.length, 1);
  t.notOk(puts[0]?.headers['x-ms-blob-type'], 'S3 takes no header that is not signed');
  t.same(JSON.parse(puts[0]?.body ?? ''), JSON.parse(JSON.stringify(run(healthy))));
});

test('a container of Azure gets a blob for each vantage and time', async (t) => {
  const { puts, host } = await store(t, { status: 201 });
  const of = { ...run(healthy), vantage: { ...run(healthy).vantage, name: 'pool a/1?' } };
  await send(of, `http://${host}/runs/{vantage}/{time}.json?sv=2024-11-04&sp=cw&sig={vantage}%3D`);
  t.equal(
    puts[0]?.path,
    `/runs/pool%20a%2F1%3F/${of.startedAt.replaceAll(':', '-')}.json?sv=2024-11-04&sp=cw&sig={vantage}%3D`,
  );
  t.equal(puts[0]?.headers['x-ms-blob-type'], 'BlockBlob');
});

test('what is over in a moment is tried again', async (t) => {
  const patience = { allMs: 30_000, pausesMs: [1, 1] };
  for (const status of [500, 503, 429, 0]) {
    const { puts, url } = await store(t, { status }, { status }, { status: 200 });
    await put(url, '{}', patience);
    t.equal(puts.length, 3, `${status}`);
  }
  const broken = await store(t, { status: 502 });
  await t.rejects(put(broken.url, '{}', patience), { message: /HTTP 502/ });
  t.equal(broken.puts.length, 3, 'and no more than twice');
});

test('who never answers is not waited for longer', async (t) => {
  const { puts, url, host } = await store(t, { status: 1 });
  await t.rejects(put(url, '{}', { allMs: 300, pausesMs: [1, 1] }), {
    message: `${host} did not take the run (no answer in time); see ${variable}`,
  });
  t.equal(puts.length, 1);
  const broken = await store(t, { status: 500 });
  await t.rejects(put(broken.url, '{}', { allMs: 300, pausesMs: [3_600_000] }), { message: /HTTP 500/ });
});

test('what is refused costs a line without the URL, and no verdict', async (t) => {
  const expired = await store(t, { status: 403, body: denied('URL') });
  const elsewhere = await store(t, { status: 200 });
  const moved = await store(t, { status: 307, headers: { location: elsewhere.url }, body: 'URL' });
  const talkative = await store(t, { status: 404, body: `URL${'x'.repeat(1_000_000)}` });
  const lines = [
    [expired, `HTTP 403 AccessDenied: its signature may have expired, or be for something else than PUT`],
    [moved, 'HTTP 307: it leads elsewhere, which is not followed'],
    [talkative, 'HTTP 404'],
  ] as const;
  for (const [{ url, host, puts }, why] of lines) {
    const { progress, code } = await send(run(healthy), url);
    t.equal(
      progress,
      `livekit-doctor: the report upload could not be made: ${host} did not take the run (${why}); see ${variable}\n`,
    );
    holdsNoSecret(t, progress, signature);
    t.equal(code, 2, 'what was not delivered is no pass');
    t.equal(puts.length, 1);
    t.equal((await send(run({ ...healthy, verdict: 'inconclusive' }), url)).code, 3);
    t.equal((await send(run(wrongAddress), url)).code, 1);
  }
  t.same(elsewhere.puts, []);
});

test('an unfit URL is said before a run, without a word of it', async (t) => {
  const query = `X-Amz-Signature=${signature}`;
  const cases: [string, RegExp][] = [
    ['', /is not set: it holds the URL/],
    [`bucket/run.json?${query}`, /is no URL with https:/],
    [`ftp://x/run.json?${query}`, /is no URL with https:/],
    [`http://bucket.example.com/run.json?${query}`, /has http:\/\/, by which its signature/],
    [`http://127.0.0.1.example.com/?${query}`, /has http:\/\//],
    [`https://${encodeURIComponent(signature)}:x@bucket.example.com/?${query}`, /has a user before its host/],
  ];
  for (const [url, message] of cases) {
    const { code, stdout, stderr } = await cli(['check', '--reporter', 'upload', 'wss://nowhere.test'], {
      env: { [variable]: url, LIVEKIT_API_KEY: 'key', LIVEKIT_API_SECRET: 'a-secret-of-nobody' },
    });
    t.equal(code, 2, stderr);
    t.equal(stdout, '');
    t.match(stderr, message);
    holdsNoSecret(t, stderr, signature);
  }
});

test('the command line puts a saved run, and is not kept by the connection', async (t) => {
  const { puts, url } = await store(t, { status: 500 }, { status: 200, headers: { connection: 'keep-alive' } });
  const file = `${t.testdir({ 'run.json': JSON.stringify(run(healthy)) })}/run.json`;
  const { code, stdout, stderr } = await cli(['report', file, '--reporter', 'upload'], { env: { [variable]: url } });
  t.same({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' });
  t.equal(JSON.parse(puts[1]?.body ?? '').schemaVersion, 1);
});
