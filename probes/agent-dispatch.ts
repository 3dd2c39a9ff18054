/**
 * Sends for an agent: LiveKit's AgentDispatchService and RoomService over Twirp, one bounded POST each. Not by the clients
 * of livekit-server-sdk, which resolve the name by themselves, know no private CA, follow redirects and read answers of
 * any size; its tokens are used.
 */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Environment } from '../environment/environment.js';
import { tokenLifetimeS } from '../environment/token.js';
import type { AgentFacts, HttpFacts } from '../evidence/facts.js';
import type { Redactor } from '../evidence/redaction.js';
import { printable } from '../evidence/text.js';
import { type Endpoint, httpFacts, lookupOf } from './signal-http.js';

const mostAnswerBytes = 256 * 1024;
const mostJobs = 8;
const statuses = ['pending', 'running', 'success', 'failed'] as const;

export interface Dispatched {
  readonly id: string;
  /** When the server made it, by its own clock, in milliseconds since 1970; absent: it does not say. */
  readonly createdAtMs?: number;
}

export type Refused = { readonly refusal: HttpFacts } | { readonly error: string };

export interface DispatchService {
  dispatch(agentName: string, signal: AbortSignal): Promise<Dispatched | Refused>;
  /** What became of it; undefined where the server does not say. */
  jobs(id: string, signal: AbortSignal): Promise<AgentFacts['jobs'] | undefined>;
  /** Takes back the dispatch and closes the room. Never rejects. */
  clean(id: string | undefined, signal: AbortSignal): Promise<void>;
}

export async function dispatchService(
  { auth, url }: Environment,
  endpoint: Endpoint,
  room: string,
  redactor: Redactor,
): Promise<DispatchService> {
  if (!('apiSecret' in auth)) throw new Error('an agent is dispatched with an API key and secret');
  const [{ AccessToken }, protocol] = await Promise.all([import('livekit-server-sdk'), import('@livekit/protocol')]);
  const { AgentDispatch, CreateAgentDispatchRequest, DeleteAgentDispatchRequest } = protocol;
  const { DeleteRoomRequest, ListAgentDispatchRequest, ListAgentDispatchResponse } = protocol;

  const call = async (method: string, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array | Refused> => {
    const access = new AccessToken(auth.apiKey, auth.apiSecret, { ttl: tokenLifetimeS });
    // Closing a room takes the right to create one (`EnsureCreatePermission` in the server's `pkg/service/auth.go`).
    access.addGrant(method.startsWith('RoomService') ? { roomCreate: true } : { roomAdmin: true, room });
    const token = await access.toJwt();
    redactor.add(token);
    const path = `${url.pathname.replace(/\/+$/, '')}/twirp/livekit.${method}`;
    return post(endpoint, { path, token, body, clean: redactor.text, signal });
  };

  return {
    async dispatch(agentName, signal) {
      const request = new CreateAgentDispatchRequest({ room, agentName });
      const answer = await call('AgentDispatchService/CreateDispatch', request.toBinary(), signal);
      if (!(answer instanceof Uint8Array)) return answer;
      const made = decoded(() => AgentDispatch.fromBinary(answer));
      if (!made?.id) return { error: 'the answer is no dispatch' };
      const createdAtMs = Number(made.state?.createdAt ?? 0) / 1e6;
      return { id: made.id, ...(createdAtMs > 0 && { createdAtMs }) };
    },
    async jobs(dispatchId, signal) {
      const request = new ListAgentDispatchRequest({ room, dispatchId });
      const answer = await call('AgentDispatchService/ListDispatch', request.toBinary(), signal);
      const list = answer instanceof Uint8Array && decoded(() => ListAgentDispatchResponse.fromBinary(answer));
      const found = list ? list.agentDispatches.find(({ id }) => id === dispatchId) : undefined;
      return found?.state?.jobs.slice(0, mostJobs).map(({ state }) => ({
        status: statuses[state?.status ?? 0] ?? 'pending',
        ...(state?.error && { error: printable(redactor.text(state.error), 200) }),
      }));
    },
    async clean(dispatchId, signal) {
      if (dispatchId !== undefined) {
        const request = new DeleteAgentDispatchRequest({ room, dispatchId });
        await call('AgentDispatchService/DeleteDispatch', request.toBinary(), signal);
      }
      await call('RoomService/DeleteRoom', new DeleteRoomRequest({ room }).toBinary(), signal);
    },
  };
}

function decoded<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

interface Post {
  readonly path: string;
  readonly token: string;
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
  clean(text: string): string;
}

function post(endpoint: Endpoint, { path, token, body, clean, signal }: Post): Promise<Uint8Array | Refused> {
  return new Promise((resolve) => {
    const request = (endpoint.secure ? requestHttps : requestHttp)({
      method: 'POST',
      host: endpoint.host,
      port: endpoint.port,
      path,
      signal,
      agent: false,
      lookup: lookupOf(endpoint.address) as never,
      ...(endpoint.secureContext && { secureContext: endpoint.secureContext }),
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/protobuf',
        'content-length': body.length,
        'user-agent': 'livekit-doctor',
      },
    });
    request.on('error', ({ message }) => resolve({ error: printable(clean(message), 200) }));
    request.on('response', async (response) => {
      if (response.statusCode !== 200) {
        resolve({ refusal: await httpFacts(response, clean) });
        return;
      }
      const chunks: Buffer[] = [];
      let bytes = 0;
      try {
        for await (const chunk of response as AsyncIterable<Buffer>) {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes > mostAnswerBytes) break;
        }
        resolve(bytes > mostAnswerBytes ? { error: 'the answer is far too large' } : Buffer.concat(chunks));
      } catch (error) {
        resolve({ error: printable((error as Error).message, 200) });
      }
    });
    request.end(body);
  });
}
