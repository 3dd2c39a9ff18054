/** What stands in front of the server answers instead of it. */
import type { HttpFacts, Seen } from '../../evidence/facts.js';
import type { Evidence } from '../../evidence/run.js';
import { ids, kindOf, look, signalling } from '../look.js';
import { rule } from '../rule.js';
import { list, quoted } from '../words.js';

interface IngressArgs {
  target: 'signal';
  url: string;
  status: number;
  /** The `Server` header. */
  server: string;
  body: string;
}

/** livekit-server `pkg/service/server.go`, healthCheck: `OK`, or 406 with `Not Ready`. */
export function isLivekitHealth({ status, body }: HttpFacts): boolean {
  return (status === 200 && body === 'OK') || (status === 406 && body.startsWith('Not Ready'));
}

/**
 * Texts of livekit-server 1.13: `pkg/service/auth.go` (`invalid API key: `, `invalid token: `, `invalid authorization
 * token`, `permissions denied`), `pkg/rtc/errors.go` (`no permissions to access the room`, `node has exceeded its
 * configured limit`), `pkg/service/errors.go` (`requested room does not exist`, `… cannot be empty`).
 */
const livekitTexts =
  /^(invalid (API key|token|authorization)|permissions denied|no permissions to access|node has exceeded|requested room does not exist|(participant )?identity|no room name|room name length|join_request|timed out while waiting for signal response|connection closed by media|could not find any available nodes|no response from servers|request timed out)/;

function isLivekitRefusal({ body }: HttpFacts): boolean {
  return livekitTexts.test(body);
}

const gatewayErrors = new Set([502, 503, 504]);

/** The answers that say something: to the websocket upgrade and to `GET /`. */
function answers({ facts }: Seen<'signal'>): HttpFacts[] {
  return [facts.refusal, facts.health].filter((answer) => answer !== undefined);
}

function argsOf(evidence: Evidence, answer: HttpFacts): IngressArgs {
  return { target: 'signal', url: evidence.url, status: answer.status, server: answer.server ?? '', body: answer.body };
}

const proxy = ({ server }: IngressArgs): string => (server ? `The proxy (${quoted(server, 40)})` : 'The proxy');

export const ingressBackendDown = rule<IngressArgs>({
  code: 'ingress-backend-down',
  severity: 'error',
  explainedBy: ['dns-wrong-address', 'kubernetes-no-endpoints', 'kubernetes-dns-stale'],
  find(evidence) {
    const signal = signalling(evidence);
    if (!signal || signal.facts.upgraded) return [];
    const said = answers(signal);
    const broken = said.find((answer) => gatewayErrors.has(answer.status) && !isLivekitRefusal(answer));
    if (!broken || said.some((answer) => isLivekitHealth(answer) || isLivekitRefusal(answer))) return [];
    return [{ args: argsOf(evidence, broken), evidence: ids(signal) }];
  },
  prose: (args) => ({
    summary: `The proxy in front of livekit-server answers ${args.status}: no livekit-server stands behind it.`,
    cause: `${proxy(args)} accepted the connection but got no answer from its backend, so livekit-server is stopped, starting or not ready, or the backend's address or port is wrong.`,
    fix: `Start livekit-server and point the backend at its signalling port, 7880 unless \`port\` says otherwise (Kubernetes: \`kubectl get endpoints\` of the Service must list a ready pod, and the Ingress must name that Service and \`servicePort\`; nginx: \`proxy_pass\`).`,
  }),
});

export const ingressRedirects = rule<IngressArgs & { location: string }>({
  code: 'ingress-redirects',
  severity: 'error',
  explainedBy: ['dns-wrong-address'],
  find(evidence) {
    const signal = signalling(evidence);
    const refusal = signal?.facts.refusal;
    if (!refusal || refusal.status < 300 || refusal.status > 399) return [];
    const location = refusal.location ?? '';
    return [{ args: { ...argsOf(evidence, refusal), location }, evidence: ids(signal) }];
  },
  prose: ({ url, status, location }) => ({
    summary: `The websocket at ${url} is redirected${location ? ` to ${location}` : ''}, which no browser follows.`,
    cause: `The proxy answers ${status} to the upgrade: it redirects http to https, one host to another, or to a page for logging in.`,
    fix: 'Use the address after the redirect in the URL (`wss://` instead of `ws://`), or exempt this host from the redirect (ingress-nginx: `nginx.ingress.kubernetes.io/ssl-redirect: "false"` and no `permanent-redirect`; nginx: no `return 301` before `location /`).',
  }),
});

/** Answers of proxies and servers to a request that lost its `Upgrade` header on the way. */
const upgradeLost = new Set([400, 426, 501]);

export const ingressUpgradeMissing = rule<IngressArgs>({
  code: 'ingress-upgrade-missing',
  severity: 'error',
  explainedBy: ['dns-wrong-address'],
  find(evidence) {
    const signal = signalling(evidence);
    const { refusal, health } = signal?.facts ?? {};
    if (!refusal || !health || !isLivekitHealth(health) || isLivekitRefusal(refusal)) return [];
    // livekit-server `rtcservice.go`, serve: 404 without a body to what is no websocket upgrade.
    const lost = (refusal.status === 404 && refusal.body === '') || upgradeLost.has(refusal.status);
    return lost ? [{ args: argsOf(evidence, refusal), evidence: ids(signal) }] : [];
  },
  prose: (args) => ({
    summary: 'The proxy takes the websocket upgrade away, so livekit-server sees an ordinary request.',
    cause: `${proxy(args)} forwards HTTP (\`/\` says OK), but the upgrade is answered with ${args.status}: it does not pass on \`Upgrade\` and \`Connection\`.`,
    fix: 'Pass them on (nginx: `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";`; Apache: `ProxyPass` with `upgrade=websocket`; ingress-nginx does so unless a snippet overrides it; a cloud load balancer: an HTTP or TCP listener that allows websockets).',
  }),
});

export const ingressWrongBackend = rule<IngressArgs>({
  code: 'ingress-wrong-backend',
  severity: 'error',
  explainedBy: ['dns-wrong-address', 'kubernetes-dns-stale'],
  find(evidence) {
    const signal = signalling(evidence);
    if (!signal || signal.facts.join) return [];
    const { refusal, health } = signal.facts;
    // What is refused says more than what is shown at `/`: a rule may send only some paths to the server.
    const answer = refusal ?? health;
    if (!answer || isLivekitRefusal(answer) || isLivekitHealth(answer)) return [];
    if (gatewayErrors.has(answer.status) || (answer.status >= 300 && answer.status < 400)) return [];
    if (health && isLivekitHealth(health) && (answer.body === '' || upgradeLost.has(answer.status))) return [];
    // A server error behind a working `/` is the server's own.
    if (health && isLivekitHealth(health) && answer.status >= 500) return [];
    return [{ args: argsOf(evidence, answer), evidence: ids(signal) }];
  },
  prose: (args) => ({
    summary: `What answers at ${args.url} is not livekit-server.`,
    cause: `The websocket upgrade was answered with ${args.status}${args.server ? ` by ${quoted(args.server, 40)}` : ''}${args.body ? ` and ${quoted(args.body)}` : ''}, which livekit-server never says: the host or path leads to another application.`,
    fix: `Correct the rule of the ingress or proxy so that this host, with path prefix \`/\`, goes to the Service of livekit-server at port 7880 (Ingress: \`spec.rules[].host\` and \`paths[].path: /\`; nginx: \`server_name\` and \`location /\`), or correct the URL.`,
  }),
});

export const ingressSwallowsFrames = rule<{ target: 'signal'; url: string }>({
  code: 'ingress-swallows-frames',
  severity: 'error',
  explainedBy: ['vantage-starved', 'dns-wrong-address'],
  find(evidence) {
    const signal = signalling(evidence);
    // The server upgrades only when it has the first message at hand (rtcservice.go, startConnection).
    const swallowed =
      signal?.facts.upgraded && !signal.facts.join && !signal.facts.closed && kindOf(signal) === 'no-join';
    if (!swallowed) return [];
    if (signal.facts.health && !isLivekitHealth(signal.facts.health)) return [];
    return [{ args: { target: 'signal' as const, url: evidence.url }, evidence: ids(signal) }];
  },
  prose: ({ url }) => ({
    summary: `The websocket at ${url} opens, but no message comes through it.`,
    cause:
      'The proxy answers 101 and then holds the frames back: it buffers the response, or inspects it as HTTP; livekit-server sends its join response at once after the upgrade.',
    fix: 'Switch off buffering and inspection on this host (nginx, ingress-nginx: `proxy_buffering off`, `nginx.ingress.kubernetes.io/proxy-buffering: "off"`; a web application firewall: exempt websockets).',
  }),
});

interface IdleArgs {
  target: 'signal';
  agesS: number[];
  askedS: number;
}

/** Cut twice at the same age is a timeout of somebody's; once, or at different ages, may have been anything. */
export const ingressIdleTimeout = rule<IdleArgs>({
  code: 'ingress-idle-timeout',
  severity: 'error',
  explainedBy: ['dns-wrong-address'],
  find(evidence) {
    const idle = look(evidence, 'idle').find(({ state }) => state === 'failed');
    const [first, second] = idle?.facts.cuts ?? [];
    if (!idle || !first || !second) return [];
    const alike = Math.abs(first.ageMs - second.ageMs) <= Math.max(1500, 0.1 * first.ageMs);
    if (!alike) return [];
    const agesS = [first, second].map(({ ageMs }) => Math.round(ageMs / 100) / 10);
    return [{ args: { target: 'signal' as const, agesS, askedS: idle.facts.askedMs / 1000 }, evidence: ids(idle) }];
  },
  prose: ({ agesS }) => ({
    summary: `An idle signalling connection is cut after ${list(agesS.map(String))} s, each time it is tried.`,
    cause:
      'A proxy or load balancer closes connections that it finds idle, or that are older than it allows; everybody in a call reconnects at that age.',
    fix: 'Raise the timeout above an hour (nginx: `proxy_read_timeout 3600s; proxy_send_timeout 3600s`; ingress-nginx: the annotations `nginx.ingress.kubernetes.io/proxy-read-timeout: "3600"` and `proxy-send-timeout`; AWS ALB: `idle_timeout.timeout_seconds`; GKE: `timeoutSec` of the BackendConfig).',
  }),
});
