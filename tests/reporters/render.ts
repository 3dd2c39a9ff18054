/** A run in the formats of all reporters, as the command line would have it written. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bufferOutput } from '../../cli/output.js';
import type { Run } from '../../evidence/run.js';
import { reporters } from '../../reporters/index.js';
import { progress as makeProgress } from '../../reporters/progress.js';
import type { Reporter } from '../../reporters/reporter.js';

async function tell(reporter: Reporter, run: Run): Promise<void> {
  const { environments } = run;
  reporter.onStart?.(environments.map(({ name, url }) => ({ name, url })));
  for (const { name, observations, ...environment } of environments) {
    for (const { probe, id } of observations) reporter.onTarget?.(name, probe, id);
    for (const observation of observations) reporter.onObservation?.(name, observation);
    reporter.onEnvironment?.({ name, observations, ...environment });
  }
  await reporter.onEnd?.(run);
}

/** Everything that a reporter writes, and the code that it ends with if it has its own. */
export async function render(name: string, run: Run, env: Record<string, string> = {}) {
  const [out, progress] = [bufferOutput(), bufferOutput()];
  const factory = await reporters[name]?.load();
  if (!factory) throw new Error(`there is no reporter ${name}`);
  const reporter = factory({ out, progress, env, detail: 'verbose' });
  await tell(reporter, run);
  return { text: out.text(), said: progress.text(), code: reporter.exitCode?.(run) };
}

/** Does something with the URL of one who takes everything. Answers with what was sent there. */
async function collect(send: (url: string) => Promise<void>): Promise<string> {
  let came = '';
  const server = createServer((request, response) => {
    request.setEncoding('latin1').on('data', (text: string) => {
      came += text;
    });
    request.on('end', () => response.end());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  try {
    await send(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
  return came;
}

/** By the name of the reporter; what is shown while a run goes on is under `progress`. */
export async function renderAll(run: Run): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const name of Object.keys(reporters)) {
    let written = '';
    const sent = await collect(async (url) => {
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url, LIVEKIT_DOCTOR_UPLOAD_URL: url };
      const { text, said } = await render(name, run, env);
      written = text + said;
    });
    texts[name] = written + sent;
  }
  const [plain, terminal] = [bufferOutput(), { ...bufferOutput(), isTTY: true }];
  for (const progress of [plain, terminal]) {
    const reporter = makeProgress({ progress });
    await tell(reporter, run);
    reporter.stop();
  }
  return { ...texts, progress: plain.text() + terminal.text() };
}
