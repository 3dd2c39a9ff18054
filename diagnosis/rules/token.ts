/** livekit-server refuses the token. Its words are from `pkg/service/auth.go` of livekit-server 1.13.5. */
import type { HttpFacts, Seen } from '../../evidence/facts.js';
import type { Evidence } from '../../evidence/run.js';
import { ids, signalling } from '../look.js';
import { rule } from '../rule.js';
import { quoted } from '../words.js';

interface TokenArgs {
  target: 'signal';
  said: string;
}

function refused(evidence: Evidence, says: (body: string) => boolean) {
  const signal: Seen<'signal'> | undefined = signalling(evidence);
  const refusal: HttpFacts | undefined = signal?.facts.refusal;
  if (!signal || refusal?.status !== 401 || !says(refusal.body)) return [];
  return [{ args: { target: 'signal' as const, said: refusal.body }, evidence: ids(signal), signal }];
}

/** `errors.New("invalid API key: "+v.APIKey())` */
export const tokenKeyUnknown = rule<TokenArgs & { key: string }>({
  code: 'token-key-unknown',
  severity: 'error',
  explainedBy: ['dns-wrong-address', 'kubernetes-api-key-differs', 'kubernetes-keys-not-loaded'],
  find: (evidence) =>
    refused(evidence, (body) => body.startsWith('invalid API key')).map(({ args, evidence: seen }) => ({
      args: { ...args, key: args.said.slice('invalid API key: '.length) },
      evidence: seen,
    })),
  prose: ({ key, said }) => ({
    summary: `livekit-server does not know the API key${key ? ` \`${key}\`` : ''} with which the token was made.`,
    cause: `It answered 401 ${quoted(said)}: the key is not among its \`keys\`, or it still runs with the keys from before a rotation.`,
    fix: `Give the same key and secret to both sides (server: \`keys\` in livekit.yaml, Helm \`livekit.keys\` or \`storeKeysInSecret\`; token service: LIVEKIT_API_KEY and LIVEKIT_API_SECRET), then restart the pods with \`kubectl rollout restart\`, since livekit-server reads its keys at start only.`,
  }),
});

/**
 * `errors.New("invalid token: "+authToken+", error: "+err.Error())`, where the error is golang-jwt's `token signature
 * is invalid: signature is invalid`; older servers use go-jose: `error in cryptographic primitive`.
 */
const signature = /signature is invalid|error in cryptographic primitive/;
/** golang-jwt: `token is expired`, `token is not valid yet`; go-jose: `validation failed, token is expired (exp)`. */
const time = /token is expired|token (is )?not valid yet|used before issued|issued in the future/;

export function isTimeRefused({ facts: { refusal } }: Seen<'signal'>): boolean {
  return refusal?.status === 401 && time.test(refusal.body);
}

export const tokenSecretWrong = rule<TokenArgs>({
  code: 'token-secret-wrong',
  severity: 'error',
  explainedBy: ['dns-wrong-address', 'kubernetes-api-key-differs', 'kubernetes-keys-not-loaded'],
  find: (evidence) =>
    refused(evidence, (body) => body.startsWith('invalid token') && !time.test(body)).map(
      ({ args, evidence: seen }) => ({
        args,
        evidence: seen,
        // The server repeats the whole token before the reason, so the reason may have been cut off.
        ...(!signature.test(args.said) && {
          alternatives: [
            {
              code: 'token-time-invalid',
              separateBy:
                'Compare the clocks of the server and of the machine that makes the token (`date -u` on both).',
            },
          ],
        }),
      }),
    ),
  prose: () => ({
    summary: 'The API secret is wrong: livekit-server knows the API key, but not the signature of the token.',
    cause:
      'It answered 401 "token signature is invalid": the secret that signed the token is not the one that the server holds for this key, for example because it was rotated on one side only.',
    fix: 'Give both sides the same secret for this key (server: `keys` in livekit.yaml, Helm `livekit.keys` or `storeKeysInSecret`; token service: LIVEKIT_API_SECRET), without spaces or line breaks around it, then restart the pods with `kubectl rollout restart`.',
  }),
});

export const tokenTimeInvalid = rule<TokenArgs>({
  code: 'token-time-invalid',
  severity: 'error',
  explainedBy: ['dns-wrong-address', 'vantage-clock-skew'],
  find: (evidence) =>
    refused(evidence, (body) => time.test(body)).map(({ args, evidence: seen }) => ({ args, evidence: seen })),
  prose: ({ said }) => ({
    summary: "By livekit-server's clock the token is expired, or not valid yet.",
    cause: `It answered 401 ${quoted(said.replace(/^.*error: /, ''))}: the \`nbf\` and \`exp\` of the token do not contain the server's time, which allows 60 s of difference.`,
    fix: "Set the clock of the machine that makes the tokens by NTP (`timedatectl` shows whether it is in step), or have the token service make tokens that live longer; the server's own clock is the other suspect.",
  }),
});

/**
 * `permissions denied` (EnsureJoinPermission) and `no permissions to access the room` (rtc.ErrPermissionDenied); then
 * ErrNoRoomName and ErrIdentityEmpty, as bad requests.
 */
const lacks = [
  { status: 401, said: /^(permissions denied|no permissions to access the room)/, lacks: 'grant' },
  { status: 400, said: /^no room name/, lacks: 'room' },
  { status: 400, said: /^identity cannot be empty/, lacks: 'identity' },
] as const;

interface LacksArgs extends TokenArgs {
  status: number;
  lacks: (typeof lacks)[number]['lacks'];
}

export const tokenGrantMissing = rule<LacksArgs>({
  code: 'token-grant-missing',
  severity: 'error',
  explainedBy: ['dns-wrong-address'],
  find(evidence) {
    const signal = signalling(evidence);
    const { status, body } = signal?.facts.refusal ?? {};
    const lack = lacks.find((one) => one.status === status && one.said.test(body ?? ''));
    if (!signal || !lack) return [];
    return [
      {
        args: { target: 'signal' as const, said: body ?? '', status: lack.status, lacks: lack.lacks },
        evidence: ids(signal),
      },
    ];
  },
  prose: ({ said, status, lacks: lack }) => ({
    summary: 'The token is genuine, but it does not allow to join the room.',
    cause: `livekit-server answered ${status} ${quoted(said)}: ${
      {
        grant: 'the `video` grant lacks `roomJoin: true`, or names another `room`',
        room: 'the `video` grant has no `room`, and clients name none either',
        identity: 'the token has no identity (`sub`)',
      }[lack]
    }.`,
    fix: 'Have the token service grant `{ roomJoin: true, room: "…" }` to an `identity`; a token without a `video` grant never joins.',
  }),
});
