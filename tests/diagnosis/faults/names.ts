/** Names: faults as they show in the observations. */
import type { DnsAnswer } from '../../../evidence/facts.js';
import * as s from '../scene.js';
import type { Fault } from './fault.js';

const { scene, host, turnHost, ingress, turnAddress } = s;

const said = (resolver: string, addresses: string[], more: Partial<DnsAnswer> = {}): DnsAnswer => ({
  resolver,
  transport: 'udp',
  type: 'A',
  rcode: 'NOERROR',
  addresses,
  cnames: [],
  ...more,
});
/** Nothing comes after a name that leads nowhere. */
const onlyName = { notJoined: true, without: [`tls:${host}:443`, 'signal'] };

export const nameFaults: readonly Fault[] = [
  {
    name: 'signalling name missing',
    evidence: scene({
      claims: { dns: { signal: ingress } },
      ...onlyName,
      with: [s.dns(host, {}, s.failed('nxdomain'))],
    }),
    codes: ['dns-name-missing'],
    verdict: 'fail',
    says: [host, ingress, 'A (or AAAA) record'],
  },
  {
    name: 'signalling name that its zone does not know, so that no resolver was asked',
    evidence: scene({
      ...onlyName,
      with: [
        s.dns(
          host,
          { answers: [said('192.0.2.53:53', [], { rcode: 'NXDOMAIN', authority: true })] },
          s.failed('nxdomain'),
        ),
      ],
    }),
    codes: ['dns-name-missing'],
    verdict: 'fail',
    says: [host, '192.0.2.53:53'],
  },
  {
    name: 'signalling name that only one of the servers of its zone knows, and no resolver was asked',
    evidence: scene({
      ...onlyName,
      with: [
        s.dns(
          host,
          {
            answers: [
              said('192.0.2.53:53', [], { rcode: 'NXDOMAIN', authority: true }),
              said('192.0.2.54:53', [ingress], { authority: true }),
            ],
          },
          s.failed('nxdomain'),
        ),
      ],
    }),
    codes: ['dns-name-missing'],
    verdict: 'fail',
  },
  {
    name: 'signalling name without address',
    evidence: scene({
      ...onlyName,
      with: [s.dns(host, {}, s.failed('no-address'))],
    }),
    codes: ['dns-no-address'],
    verdict: 'fail',
    says: [host],
  },
  {
    name: 'broken zone',
    evidence: scene({
      ...onlyName,
      with: [s.dns(host, {}, s.failed('servfail'))],
    }),
    codes: ['dns-server-failure'],
    verdict: 'fail',
    says: [`dig +trace ${host}`],
  },
  {
    name: 'TURN name missing',
    evidence: scene({
      claims: { turn: { host: turnHost, address: turnAddress } },
      without: [`tls:${turnHost}:443`, `turn-tls:${turnHost}:443`],
      with: [
        s.dns(turnHost, {}, s.failed('nxdomain')),
        s.observation('turn-tls', `${turnHost}:443`, {}, { state: 'unreached', waitedFor: `dns:${turnHost}` }),
      ],
    }),
    codes: ['turn-name-missing'],
    verdict: 'fail',
    says: [turnHost, turnAddress, '`turn.domain`'],
  },
  {
    name: 'signature of the A record corrupt, while the proof that there is no AAAA holds',
    evidence: scene({
      ...onlyName,
      with: [
        s.dns(
          host,
          {
            answers: [
              said('192.0.2.53:53', [], { rcode: 'SERVFAIL' }),
              said('192.0.2.53:53', [ingress], { checkingDisabled: true }),
              said('192.0.2.53:53', [], { type: 'AAAA' }),
            ],
          },
          s.failed('no-address'),
        ),
      ],
    }),
    codes: ['dns-dnssec-invalid'],
    verdict: 'fail',
  },
  {
    name: 'signature of the zone expired',
    evidence: scene({
      ...onlyName,
      with: [
        s.dns(
          host,
          {
            answers: [
              said('192.0.2.53:53', [], { rcode: 'SERVFAIL' }),
              said('192.0.2.53:53', [ingress], { checkingDisabled: true }),
            ],
          },
          s.failed('no-address'),
        ),
      ],
    }),
    codes: ['dns-dnssec-invalid'],
    verdict: 'fail',
    says: [host, 'CD=1', 'DS record'],
  },
];
