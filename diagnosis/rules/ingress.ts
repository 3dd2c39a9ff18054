/** What stands in front of the server answers instead of it. */
import type { HttpFacts, Seen } from '../../evidence/facts.js';
import type { Evidence } from '../../evidence/run.js';
import { ids, signalling } from '../look.js';
import { rule } from '../rule.js';
import { quoted } from '../words.js';

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
  /^(invalid (API key|token|authorization)|permissions denied|no permissions to access|node has exceeded|requested room does not exist|participant identity|no room name|room name length|join_request|timed out while waiting for signal response|connection closed by media|could not find any available nodes|no response from servers|request timed out)/;

export function isLivekitRefusal({ body }: HttpFacts): boolean {
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
  explainedBy: ['dns-wrong-address'],
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

export const ingressWrongBackend = rule<IngressArgs>({
  code: 'ingress-wrong-backend',
  severity: 'error',
  explainedBy: ['dns-wrong-address'],
  find(evidence) {
    const signal = signalling(evidence);
    if (!signal || signal.facts.join) return [];
    const { refusal, health } = signal.facts;
    // What is refused says more than what is shown at `/`: a rule may send only some paths to the server.
    const answer = refusal ?? health;
    if (!answer || isLivekitRefusal(answer) || isLivekitHealth(answer)) return [];
    if (gatewayErrors.has(answer.status) || (answer.status >= 300 && answer.status < 400)) return [];
    // LiveKit itself answers 404 with an empty body to what is no websocket upgrade (rtcservice.go, serve).
    if (health && isLivekitHealth(health) && answer.body === '') return [];
    return [{ args: argsOf(evidence, answer), evidence: ids(signal) }];
  },
  prose: (args) => ({
    summary: `What answers at ${args.url} is not livekit-server.`,
    cause: `The websocket upgrade was answered with ${args.status}${args.server ? ` by ${quoted(args.server, 40)}` : ''}${args.body ? ` and ${quoted(args.body)}` : ''}, which livekit-server never says: the host or path leads to another application.`,
    fix: `Correct the rule of the ingress or proxy so that this host, with path prefix \`/\`, goes to the Service of livekit-server at port 7880 (Ingress: \`spec.rules[].host\` and \`paths[].path: /\`; nginx: \`server_name\` and \`location /\`), or correct the URL.`,
  }),
});
