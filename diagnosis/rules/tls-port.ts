/** A TLS port with which no handshake comes about. */
import type { Role, Seen } from '../../evidence/facts.js';
import type { Evidence } from '../../evidence/run.js';
import { severityOfTarget } from '../certificates.js';
import { ids, kindOf, look, signalling } from '../look.js';
import { rule } from '../rule.js';
import { at, quoted } from '../words.js';

interface TlsPortArgs {
  target: Role;
  host: string;
  destination: string;
  olderProtocol?: string;
  said?: string;
}

function ports(evidence: Evidence, matches: (port: Seen<'tls'>) => boolean) {
  return look(evidence, 'tls')
    .filter((port) => port.state === 'failed' && matches(port))
    .map((port) => {
      const { role, host, address, olderProtocol, plaintext } = port.facts;
      const args: TlsPortArgs = {
        target: role,
        host,
        destination: at(address, port.facts.port),
        ...(olderProtocol && { olderProtocol }),
        ...(plaintext && { said: plaintext }),
      };
      const turn = look(evidence, 'turn-tls').filter(({ facts, state }) => state === 'failed' && facts.host === host);
      const victims = role === 'signal' ? [signalling(evidence)] : turn;
      return { args, evidence: ids(port, ...victims), severity: severityOfTarget(evidence, role) };
    });
}

/** The connection was made; what came after it was not answered. */
const stalled = (port: Seen<'tls'>): boolean => kindOf(port) === 'timeout' && port.facts.connectMs !== undefined;

export const tlsVersionUnsupported = rule<TlsPortArgs>({
  code: 'tls-version-unsupported',
  severity: 'error',
  explainedBy: ['dns-wrong-address'],
  find: (evidence) => ports(evidence, (port) => kindOf(port) === 'tls' && port.facts.olderProtocol !== undefined),
  prose: ({ host, destination, olderProtocol = 'an older version' }) => ({
    summary: `\`${host}\` (${destination}) speaks ${olderProtocol} at best, which browsers no longer accept.`,
    cause: `The handshake with TLS 1.2 and 1.3 was refused, and one with ${olderProtocol} succeeded.`,
    fix: 'Allow TLS 1.2 and 1.3 at the terminator (nginx: `ssl_protocols TLSv1.2 TLSv1.3`; ingress-nginx: `ssl-protocols` in its ConfigMap; a cloud load balancer: its TLS policy).',
  }),
});

export const tlsPlaintextPort = rule<TlsPortArgs>({
  code: 'tls-plaintext-port',
  severity: 'error',
  explainedBy: ['dns-wrong-address', 'turn-external-tls-mismatch'],
  find: (evidence) => ports(evidence, (port) => kindOf(port) === 'plaintext'),
  prose: ({ host, destination, said, target }) => ({
    summary: `${destination} (\`${host}\`) does not speak TLS.`,
    cause: `It answers ${said ? `${quoted(said)} in the clear` : 'the ClientHello with something else'}: TLS is not ended there, or the wrong port is forwarded.`,
    fix:
      target === 'signal'
        ? 'End TLS at the ingress or proxy on this port (nginx: `listen 443 ssl`), and forward to livekit-server on 7880 without TLS; or use `ws://` in the URL where no TLS is wanted.'
        : 'End TLS at the load balancer if `turn.external_tls` is true, or set `turn.external_tls: false` with `turn.cert_file` and `turn.key_file` so that livekit-server ends it.',
  }),
});

export const pathMtuBlackhole = rule<TlsPortArgs>({
  code: 'path-mtu-blackhole',
  severity: 'error',
  explainedBy: ['dns-wrong-address', 'turn-external-tls-mismatch'],
  find: (evidence) => ports(evidence, (port) => stalled(port) && port.facts.smallHello === 'answered'),
  prose: ({ host, destination }) => ({
    summary: `Large packets are lost on the way to or from ${destination} (\`${host}\`).`,
    cause:
      'The connection is made and a handshake of small packets is answered, but one with a certificate chain is not: a link on the way has a smaller MTU, and the ICMP messages that say so are dropped (RFC 4821).',
    fix: 'Clamp the MSS where the MTU shrinks (`nft add rule inet filter forward tcp flags syn tcp option maxseg size set rt mtu`), lower the MTU of the tunnel or overlay network, or let ICMP "fragmentation needed" and "packet too big" through.',
  }),
});

export const tlsHandshakeStalled = rule<TlsPortArgs>({
  code: 'tls-handshake-stalled',
  severity: 'error',
  explainedBy: ['dns-wrong-address', 'vantage-starved', 'turn-external-tls-mismatch'],
  find: (evidence) =>
    ports(evidence, (port) => stalled(port) && port.facts.smallHello !== 'answered').map((found) => ({
      ...found,
      alternatives: look(evidence, 'tls').some(({ id, facts }) => found.evidence.includes(id) && facts.smallHello)
        ? []
        : [
            {
              code: 'path-mtu-blackhole',
              separateBy: `Send a small handshake (\`openssl s_client -tls1 -connect ${found.args.destination}\`): if an alert comes back at once, only large packets are lost.`,
            },
          ],
    })),
  prose: ({ host, destination, target }) => ({
    summary: `${destination} (\`${host}\`) accepts the connection, but never answers the TLS handshake.`,
    cause:
      'A load balancer accepts for a backend that is not there or does not answer, since even a small handshake stays without an answer.',
    fix:
      target === 'signal'
        ? "Make the ingress controller's pods ready and check the load balancer's target port and health check (`kubectl get endpoints -n ingress-nginx`)."
        : 'Forward port 443 of the TURN load balancer to `turn.tls_port` of a pod that is ready, and let `turn.external_tls` say whether the load balancer ends TLS.',
  }),
});
