import type { TokenEndpointFacts } from '../../evidence/facts.js';
import type { Evidence } from '../../evidence/run.js';
import { ids, look, signalHost, signalling } from '../look.js';
import { type Alternative, type Args, rule } from '../rule.js';
import { at, list } from '../words.js';

type Reason = TokenEndpointFacts['reason'];

interface EndpointArgs
  extends Pick<
    TokenEndpointFacts,
    'reason' | 'error' | 'method' | 'status' | 'contentType' | 'redirectsTo' | 'keys' | 'lookedFor'
  > {
  /** Where it is on the signalling host: what is wrong with that host is wrong with it, too. */
  target?: 'signal';
  destination: string;
}

/** The way to the backend is at fault, and the vantage may be. (Who times out has taken the connection.) */
const notReached: readonly Reason[] = ['name', 'unreachable'];

const happened: Record<Reason, (args: EndpointArgs) => string> = {
  name: () => 'Its name has no address',
  refused: () => 'It refuses the connection',
  unreachable: () => 'It takes no connection',
  tls: ({ error }) => `Its certificate or its TLS is refused${error ? ` (${error})` : ''}`,
  timeout: () => 'It takes the connection, but gives no whole answer in time',
  closed: () => 'It closes the connection without an answer',
  'not-http': () => 'It answers with something that is not HTTP',
  status: ({ status }) => `It answers ${status}`,
  redirect: ({ status, redirectsTo }) => `It answers ${status}, a redirect${redirectsTo ? ` to ${redirectsTo}` : ''}`,
  'too-large': ({ status }) => `It answers ${status} with far more than a token`,
  'not-json': ({ status, contentType }) => `It answers ${status} with ${contentType ?? 'something'} instead of JSON`,
  'no-token': ({ keys, lookedFor }) =>
    `Its JSON has no token ${lookedFor ? `at \`${lookedFor}\`` : 'in it'}${keys?.length ? `, only ${list(keys.map((key) => `\`${key}\``))}` : ''}`,
  'not-a-token': () => 'What it gives as a token is no JWT',
};

function fixOf({ reason, method = 'POST', status, destination, lookedFor }: EndpointArgs): string {
  if (reason === 'tls')
    return `Renew or correct the certificate at ${destination}, or name its authority in \`tls.ca\` of the environment.`;
  if (reason === 'redirect')
    return 'Set `auth.tokenEndpoint` to where it redirects to, or log in with `auth.headers` if it leads to a page for that.';
  if (status === 401 || status === 403)
    return 'Give the check what the backend wants to see in `auth.headers` (for example an `Authorization` header, its value from a variable).';
  if (status === 404 || status === 405)
    return `Correct the path of \`auth.tokenEndpoint\`, and have the backend take ${method} there, or say in \`auth.tokenEndpoint.method\` what it takes.`;
  if (lookedFor && ['no-token', 'not-a-token'].includes(reason))
    return `Say in \`auth.tokenEndpoint.token\` where the JWT is in the answer (\`data.token\`; now \`${lookedFor}\`), or have the backend put it there.`;
  if (['not-json', 'no-token', 'not-a-token', 'too-large'].includes(reason)) {
    return 'Have the backend answer POST `{ "room_name", "participant_identity" }` with JSON that holds the JWT as `participant_token` (or `token`), correct the path of `auth.tokenEndpoint`, or say in `auth.tokenEndpoint.body` and `auth.tokenEndpoint.token` what it takes and gives.';
  }
  return `Start or repair the backend at ${destination} (its log, its service, its route in the ingress), or correct \`auth.tokenEndpoint\`.`;
}

/** Signalling's own certificate is refused for the same reason: one clock, one interceptor, or one certificate. */
function isRefusedLikeSignalling(evidence: Evidence, { reason, error }: TokenEndpointFacts): boolean {
  return (
    reason === 'tls' && look(evidence, 'tls').some(({ facts }) => facts.role === 'signal' && facts.chainError === error)
  );
}

const causes: Partial<Record<Reason, string>> = { refused: 'signal-port-refused', unreachable: 'signal-port-filtered' };

/** Where signalling's own port was not looked at, the two may have failed for one reason. */
function orOneCause(evidence: Evidence, { host, reason, error }: TokenEndpointFacts): Alternative[] {
  const { protocol, hostname, port } = new URL(evidence.url);
  if (protocol !== 'wss:' || look(evidence, 'tls').some(({ facts }) => facts.role === 'signal')) return [];
  const refusal = error === 'CERT_HAS_EXPIRED' ? 'tls-certificate-expired' : 'tls-untrusted-issuer';
  const ofHost = host === signalHost(evidence) ? causes[reason] : undefined;
  const code = reason === 'tls' ? refusal : ofHost;
  const separateBy = `Connect to signalling itself (\`openssl s_client -connect ${hostname}:${port || 443}\`): if that fails in the same way, both have one cause.`;
  return code ? [{ code, separateBy }] : [];
}

/** The application's backend gave no token, so nobody can join, whatever the state of LiveKit. */
export const tokenEndpointFailed = rule<EndpointArgs>({
  code: 'token-endpoint-failed',
  severity: 'error',
  explainedBy: [
    'vantage-offline',
    'vantage-starved',
    'dns-wrong-address',
    'signal-address-dead',
    'signal-port-refused',
    'signal-port-filtered',
  ],
  find(evidence) {
    const signal = signalling(evidence);
    const asked = signal?.facts.tokenEndpoint;
    if (!signal || !asked || isRefusedLikeSignalling(evidence, asked)) return [];
    const { host, port, ...said } = asked;
    // What answered from the same vantage at the same time.
    const controls = [
      ...(signal.facts.health ? [signal] : []),
      ...look(evidence, 'tls').filter(({ facts }) => facts.connectMs !== undefined),
    ];
    const target = host === signalHost(evidence) && { target: 'signal' as const };
    return [
      {
        args: { ...target, destination: at(host, port), ...said },
        evidence: ids(signal, ...controls),
        undecided: notReached.includes(asked.reason) && controls.length === 0,
        alternatives: [
          ...(notReached.includes(asked.reason)
            ? [
                {
                  code: 'vantage-offline',
                  separateBy: `Ask it from another network (\`curl -i -X POST ${at(host, port)}\`): if it answers there, this machine does not reach it.`,
                },
              ]
            : []),
          ...orOneCause(evidence, asked),
        ],
      },
    ];
  },
  prose: (args) => ({
    summary: `The token endpoint at ${args.destination} gave no token, so nobody can join.`,
    cause: `${happened[args.reason](args)}.`,
    fix: fixOf(args),
  }),
});

/** People wait for it before they can even begin to join. */
const usualAnswerMs = 1000;

interface SlowArgs extends Args {
  destination: string;
  answerMs: number;
  answerWithinMs: number;
  claimed: boolean;
}

/** It gives a token, but takes its time. Names, connection and TLS are not counted: they are the way there. */
export const tokenEndpointSlow = rule<SlowArgs>({
  code: 'token-endpoint-slow',
  severity: 'warning',
  explainedBy: ['vantage-starved'],
  find(evidence) {
    const [token] = look(evidence, 'token');
    const answer = token?.facts.answer;
    const claimed = evidence.claims.token?.answerWithinMs;
    const answerWithinMs = claimed ?? usualAnswerMs;
    if (!token || !answer || answer.answerMs <= answerWithinMs) return [];
    const { host, port, answerMs } = answer;
    return [
      {
        args: { destination: at(host, port), answerMs, answerWithinMs, claimed: claimed !== undefined },
        evidence: ids(token),
      },
    ];
  },
  prose: ({ destination, answerMs, answerWithinMs, claimed }) => ({
    summary: `The token endpoint at ${destination} took ${answerMs} ms to answer.`,
    cause: `${claimed ? `\`auth.tokenEndpoint.answerWithin\` allows ${answerWithinMs} ms` : `${answerWithinMs} ms are plenty for signing a token`}, counted from the connection on, and everybody who joins waits that long first: the backend is starved or was just started, or waits for something else (its database, a room that it creates by LiveKit's API).`,
    fix: `Look into the backend's own log for what takes so long, keep an instance of it running, mint without asking anybody else, or claim in \`auth.tokenEndpoint.answerWithin\` how long it may take.`,
  }),
});

interface ServerArgs extends Args {
  given: string;
  expected: string;
}

/** As a client would connect: `ws:` for `http:`, without the usual port. */
function connectsTo(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const protocol = url && { 'ws:': 'ws:', 'http:': 'ws:', 'wss:': 'wss:', 'https:': 'wss:' }[url.protocol];
  return url && protocol && `${protocol}//${url.host.toLowerCase()}${url.pathname.replace(/\/+$/, '')}`;
}

/** Who asks it for a token is sent to another server than the one that is checked here. */
export const tokenServerMismatch = rule<ServerArgs>({
  code: 'token-server-mismatch',
  severity: 'warning',
  explainedBy: [],
  find(evidence) {
    const [token] = look(evidence, 'token');
    const given = token?.facts.answer?.serverUrl;
    if (!token || given === undefined) return [];
    const expected = connectsTo(evidence.url) ?? evidence.url;
    if (connectsTo(given) === expected) return [];
    return [{ args: { given, expected }, evidence: ids(token) }];
  },
  prose: ({ given, expected }) => ({
    summary: `The token endpoint sends clients to ${given}, and this check looks at ${expected}.`,
    cause:
      'Its answer names another server than the `url` of the environment: the backend has the address of another deployment, or one that only works inside its own network, so what is found here is not what people get.',
    fix: `Set LIVEKIT_URL (or whatever \`server_url\` comes from) of the backend to ${expected}, or, if ${given} is right, the \`url\` of the environment to that.`,
  }),
});
