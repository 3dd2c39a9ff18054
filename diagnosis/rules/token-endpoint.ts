import type { TokenEndpointFacts } from '../../evidence/facts.js';
import { ids, signalling } from '../look.js';
import { rule } from '../rule.js';
import { at, list } from '../words.js';

type Reason = TokenEndpointFacts['reason'];

interface EndpointArgs
  extends Pick<TokenEndpointFacts, 'reason' | 'error' | 'status' | 'contentType' | 'redirectsTo' | 'keys'> {
  target: 'signal';
  destination: string;
}

/** Before an answer: the way to the backend is at fault, and the vantage may be. */
const notReached: readonly Reason[] = ['name', 'unreachable', 'timeout'];

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
  'no-token': ({ keys }) =>
    `Its JSON has no token in it${keys?.length ? `, only ${list(keys.map((key) => `\`${key}\``))}` : ''}`,
  'not-a-token': () => 'What it gives as a token is no JWT',
};

function fixOf({ reason, status, destination }: EndpointArgs): string {
  if (reason === 'tls')
    return `Renew or correct the certificate at ${destination}, or name its authority in \`tls.ca\` of the environment.`;
  if (reason === 'redirect')
    return 'Set `auth.tokenEndpoint` to where it redirects to, or log in with `auth.headers` if it leads to a page for that.';
  if (status === 401 || status === 403)
    return 'Give the check what the backend wants to see in `auth.headers` (for example an `Authorization` header, its value from a variable).';
  if (status === 404 || status === 405)
    return 'Correct the path of `auth.tokenEndpoint`, and have the backend take POST there.';
  if (['not-json', 'no-token', 'not-a-token', 'too-large'].includes(reason)) {
    return 'Have the backend answer POST `{ "room_name", "participant_identity" }` with JSON that holds the JWT as `participant_token` (or `token`), or correct the path of `auth.tokenEndpoint`.';
  }
  return `Start or repair the backend at ${destination} (its log, its service, its route in the ingress), or correct \`auth.tokenEndpoint\`.`;
}

/** The application's backend gave no token, so nobody can join, whatever the state of LiveKit. */
export const tokenEndpointFailed = rule<EndpointArgs>({
  code: 'token-endpoint-failed',
  severity: 'error',
  explainedBy: ['vantage-offline', 'vantage-starved'],
  find(evidence) {
    const signal = signalling(evidence);
    const asked = signal?.facts.tokenEndpoint;
    if (!signal || !asked) return [];
    const { host, port, ...said } = asked;
    return [
      {
        args: { target: 'signal' as const, destination: at(host, port), ...said },
        evidence: ids(signal),
        alternatives: notReached.includes(asked.reason)
          ? [
              {
                code: 'vantage-offline',
                separateBy: `Ask it from another network (\`curl -i -X POST ${at(host, port)}\`): if it answers there, this machine does not reach it.`,
              },
            ]
          : [],
      },
    ];
  },
  prose: (args) => ({
    summary: `The token endpoint at ${args.destination} gave no token, so nobody can join.`,
    cause: `${happened[args.reason](args)}.`,
    fix: fixOf(args),
  }),
});
