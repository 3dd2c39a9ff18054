/**
 * The tools that people reach for at a terminal: `dig` (where it is missing `drill`) for the name, `openssl s_client` for
 * TLS, `turnutils_uclient` for TURN, with credentials from a join response. `tools.ts FILE`, with the environment in FILE. Prints an array of `ToolRun` as JSON.
 */
import { spawn } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { AccessToken } from 'livekit-server-sdk';
import { hostOf } from '../../environment/host.js';
import { randomIdentity, randomRoom } from '../../environment/token.js';
import { redactor } from '../../evidence/redaction.js';
import { findProgram } from '../../fixtures/lab/programs.js';
import type { IceServer } from '../../probes/shared.js';
import { type Endpoint, endpointOf } from '../../probes/signal-http.js';
import { openSession } from '../../probes/signal-session.js';
import { turnUri } from '../../wire/turn-uri.js';
import { environmentWithKey } from './environment.js';

export interface ToolRun {
  /** What was looked at, and with which program. */
  readonly name: string;
  /** Absent where the program is not installed. */
  readonly ms?: number;
  readonly ok?: boolean;
}

/** Nobody waits longer at a terminal. */
const mostMs = 20_000;

function timed(name: string, program: string, args: readonly string[], good: RegExp): Promise<ToolRun> {
  const executable = findProgram(program);
  if (!executable) return Promise.resolve({ name });
  const began = performance.now();
  return new Promise((resolve) => {
    const child = spawn(executable, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: mostMs });
    let output = '';
    const hear = (chunk: Buffer): void => {
      output += chunk;
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', () => resolve({ name, ok: false, ms: performance.now() - began }));
    child.once('close', (code) =>
      resolve({ name, ok: code === 0 && good.test(output), ms: performance.now() - began }),
    );
  });
}

const [config = ''] = process.argv.slice(2);
const environment = await environmentWithKey(config);
const { url, auth } = environment;
const host = hostOf(url);

async function turnServers(endpoint: Endpoint): Promise<readonly IceServer[]> {
  const token = new AccessToken(auth.apiKey, auth.apiSecret, { identity: randomIdentity(), ttl: '5m' });
  token.addGrant({ room: randomRoom(), roomJoin: true });
  let servers: readonly IceServer[] = [];
  const session = await openSession(endpoint, '/rtc', await token.toJwt(), {
    redactor: redactor(),
    signal: new AbortController().signal,
    now: () => performance.now(),
    events: {
      onUpgrade: () => {},
      onIceServers: (all) => {
        servers = all;
      },
      onIceSession: () => {},
      onCandidates: () => {},
    },
  });
  await session.done;
  session.close();
  return servers;
}

function ofTurn({ url, username, credential }: IceServer): Promise<ToolRun>[] {
  const uri = turnUri(url);
  if (!uri) return [];
  const over = { udp: [], tcp: ['-t'], tls: ['-t', '-S'] }[uri.scheme === 'turns' ? 'tls' : uri.transport];
  // One client, one message to another of its own through the relay.
  const call = ['-y', '-c', '-m', '1', '-n', '1', '-u', username, '-w', credential, '-p', String(uri.port), uri.host];
  return [
    timed(
      `turnutils_uclient ${uri.scheme} ${uri.transport}`,
      'turnutils_uclient',
      [...over, ...call],
      /Total lost packets 0/,
    ),
  ];
}

const { address } = await lookup(host);
const runs = [
  findProgram('dig')
    ? await timed('dig', 'dig', ['+tries=1', host], /status: NOERROR/)
    : await timed('drill', 'drill', [host], /rcode: NOERROR/),
  await timed(
    'openssl s_client',
    'openssl',
    [
      's_client',
      '-connect',
      `${host}:443`,
      '-servername',
      host,
      '-CAfile',
      process.env.NODE_EXTRA_CA_CERTS ?? '',
      '-verify_return_error',
    ],
    /Verify return code: 0/,
  ),
];
for (const server of await turnServers(endpointOf(environment, address)))
  runs.push(...(await Promise.all(ofTurn(server))));
process.stdout.write(JSON.stringify(runs), () => process.exit(0));
