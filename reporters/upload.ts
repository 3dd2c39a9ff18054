/**
 * The run document, by HTTP PUT, to an object store: a presigned URL of S3 and its like, of Google Cloud Storage, or one
 * of Azure with a shared access signature. Who has the URL may write there, so it comes by a variable, and nothing of it
 * but the host is ever told.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { redactor } from '../evidence/redaction.js';
import type { Run } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import type { ReporterFactory } from './reporter.js';

const variable = 'LIVEKIT_DOCTOR_UPLOAD_URL';

/** Times are in milliseconds. */
export interface Patience {
  /** For all attempts together. */
  readonly allMs: number;
  /** Between one attempt and the next. One more attempt than there are of these. */
  readonly pausesMs: readonly number[];
}

const usual: Patience = { allMs: 30_000, pausesMs: [1000, 3000] };

export const upload: ReporterFactory = ({ env }) => {
  const template = env[variable] ?? '';
  refuseUnfit(template);
  return { onEnd: (run) => put(placeFor(template, run), `${JSON.stringify(run)}\n`, usual) };
};

/** Throws what is wrong with it, without a word of it. */
function refuseUnfit(text: string): void {
  if (text === '') throw new Error(`${variable} is not set: it holds the URL to put the run to, as it is a secret`);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw new Error(`${variable} is no URL with https://, like https://bucket.s3.eu-west-1.amazonaws.com/run.json?…`);
  }
  if (url.protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)) {
    throw new Error(`${variable} has http://, by which its signature could be read on the way: use https://`);
  }
  if (url.username || url.password) throw new Error(`${variable} has a user before its host: a signed URL has none`);
}

/** `{vantage}` and `{time}` in the path, for a signature that is good for a whole container. */
function placeFor(template: string, { vantage, startedAt }: Run): string {
  const [path = '', ...query] = template.split('?');
  const filled = path
    .replaceAll('{vantage}', encodeURIComponent(vantage.name))
    .replaceAll('{time}', startedAt.replaceAll(':', '-'));
  return [filled, ...query].join('?');
}

/** Rejects with one line that says why it was not taken. */
export async function put(address: string, document: string, { allMs, pausesMs }: Patience): Promise<void> {
  const url = new URL(address);
  const clock = AbortSignal.timeout(allMs);
  const secret = redactor([url.host]);
  for (const one of [address, url.href, url.search.slice(1), ...url.searchParams.values()]) secret.add(one);
  const pauses = [...pausesMs];
  for (;;) {
    const outcome = await attempt(url, document, clock);
    if (outcome === 'taken') return;
    const pause = outcome.again ? pauses.shift() : undefined;
    const paused = pause !== undefined && (await sleep(pause, true, { signal: clock }).catch(() => false));
    if (paused) continue;
    throw new Error(`${url.host} did not take the run (${printable(secret.text(outcome.why))}); see ${variable}`);
  }
}

interface Refusal {
  readonly why: string;
  /** It may be over in a moment. */
  readonly again: boolean;
}

async function attempt(url: URL, document: string, signal: AbortSignal): Promise<'taken' | Refusal> {
  try {
    const headers = { 'content-type': 'application/json', ...(isAzure(url) && { 'x-ms-blob-type': 'BlockBlob' }) };
    // Whoever it leads to would get the document, and the signature is not for them.
    const response = await fetch(url, { method: 'PUT', body: document, headers, redirect: 'manual', signal });
    const { ok, status } = response;
    if (ok) {
      await response.body?.cancel();
      return 'taken';
    }
    const code = await codeIn(response);
    return { why: `HTTP ${status}${code && ` ${code}`}${hint(status)}`, again: status >= 500 || status === 429 };
  } catch (error) {
    if (signal.aborted) return { why: 'no answer in time', again: false };
    const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException };
    return { why: cause?.code ?? cause?.message ?? message, again: true };
  }
}

/** Put Blob wants to know what kind of blob it will be; `sv` and `sig` make up a shared access signature. */
const isAzure = ({ searchParams }: URL): boolean => searchParams.has('sv') && searchParams.has('sig');

function hint(status: number): string {
  if (status === 403) return ': its signature may have expired, or be for something else than PUT';
  return status >= 300 && status < 400 ? ': it leads elsewhere, which is not followed' : '';
}

/** `AccessDenied`, `AuthenticationFailed`. What else they say repeats what was signed. */
async function codeIn(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  while (reader && text.length < 4096) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  await reader?.cancel();
  return /<Code>([A-Za-z]{1,40})<\/Code>/.exec(text)?.[1] ?? '';
}
