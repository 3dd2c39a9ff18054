/** The addresses of names: faults as they show in the observations. */
import type { DnsAnswer } from '../../../evidence/facts.js';
import * as s from '../scene.js';
import type { Fault } from './fault.js';

const { scene, host, turnHost, ingress, turnAddress, nowhere } = s;

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

export const addressFaults: readonly Fault[] = [
  {
    name: 'record points at an earlier load balancer, which is gone',
    evidence: scene({
      claims: { dns: { signal: ingress } },
      notJoined: true,
      with: [
        s.dns(host, { addresses: [nowhere] }),
        s.tls(host, { address: nowhere, chain: [], connectMs: undefined }, s.failed('timeout')),
        s.signal({ address: nowhere }, s.failed('timeout')),
      ],
    }),
    codes: ['dns-wrong-address'],
    suppressed: ['signal-port-filtered'],
    verdict: 'fail',
    says: [nowhere, ingress, 'A record'],
  },
  {
    name: 'record points at somebody with another certificate',
    evidence: scene({
      claims: { dns: { signal: ingress } },
      notJoined: true,
      with: [
        s.dns(host, { addresses: [nowhere] }),
        s.tls(
          host,
          { address: nowhere, nameError: 'Host is not in the altnames', chain: [s.certificate('other.example.net')] },
          s.failed('name'),
        ),
        s.signal({ address: nowhere }, s.failed('tls')),
      ],
    }),
    codes: ['dns-wrong-address'],
    suppressed: ['tls-name-mismatch'],
    verdict: 'fail',
  },
  {
    name: 'TURN record points elsewhere',
    evidence: scene({
      claims: { turn: { host: turnHost, address: turnAddress } },
      with: [
        s.dns(turnHost, { addresses: [nowhere] }),
        s.tls(turnHost, { address: nowhere, chain: [], connectMs: undefined }, s.failed('timeout')),
        s.turn('turn-tls', 'timeout', { address: nowhere }),
      ],
    }),
    codes: ['dns-wrong-address'],
    suppressed: ['turn-tls-unreachable'],
    verdict: 'fail',
    says: [turnHost, turnAddress, nowhere],
  },
  {
    name: 'one resolver remembers the old address, and signalling works',
    evidence: scene({
      with: [
        s.dns(host, {
          addresses: [ingress, nowhere],
          answers: [
            said('192.0.2.53:53', [ingress], { ttlS: 3500 }),
            said('192.0.2.54:53', [nowhere], { ttlS: 1200 }),
            said('203.0.113.53:53', [ingress], { authority: true, ttlS: 3600 }),
          ],
        }),
      ],
    }),
    codes: ['dns-resolvers-disagree'],
    verdict: 'pass',
    says: ['192.0.2.54:53', nowhere, '1200 s'],
  },
  {
    name: 'one resolver remembers the old address, where nothing answers any more',
    evidence: scene({
      claims: { dns: { signal: ingress } },
      with: [
        s.dns(host, {
          addresses: [ingress, nowhere],
          answers: [
            said('192.0.2.53:53', [ingress], { ttlS: 600 }),
            said('192.0.2.54:53', [nowhere], { ttlS: 599 }),
            said('203.0.113.53:53', [ingress], { authority: true, ttlS: 600 }),
          ],
        }),
        s.observation('address', `${nowhere}:443`, { host, address: nowhere, port: 443 }, s.failed('timeout')),
      ],
    }),
    codes: ['dns-resolvers-disagree'],
    suppressed: ['signal-address-dead'],
    verdict: 'fail',
  },
  {
    name: 'the record was changed to a wrong address, and one resolver remembers the right one',
    evidence: scene({
      claims: { dns: { signal: ingress } },
      with: [
        s.dns(host, {
          addresses: [ingress, nowhere],
          answers: [
            said('192.0.2.53:53', [ingress], { ttlS: 100 }),
            said('192.0.2.54:53', [nowhere], { ttlS: 599 }),
            said('203.0.113.53:53', [nowhere], { authority: true, ttlS: 600 }),
          ],
        }),
      ],
    }),
    codes: ['dns-wrong-address', 'dns-resolvers-disagree'],
    verdict: 'fail',
    says: [nowhere, ingress],
  },
  {
    name: 'the resolvers remember that there was no such name',
    evidence: scene({
      ...onlyName,
      with: [
        s.dns(
          host,
          {
            answers: [
              said('192.0.2.53:53', [], { rcode: 'NXDOMAIN' }),
              said('203.0.113.53:53', [ingress], { authority: true, ttlS: 300 }),
            ],
          },
          s.failed('nxdomain'),
        ),
      ],
    }),
    codes: ['dns-resolvers-disagree'],
    verdict: 'fail',
    says: ['that it does not exist', ingress],
  },
  {
    name: 'the old address is used, and nothing answers there',
    evidence: scene({
      notJoined: true,
      with: [
        s.dns(host, {
          addresses: [nowhere, ingress],
          answers: [
            said('192.0.2.53:53', [nowhere], { ttlS: 900 }),
            said('192.0.2.54:53', [ingress], { ttlS: 3500 }),
            said('203.0.113.53:53', [ingress], { authority: true, ttlS: 3600 }),
          ],
        }),
        s.tls(host, { address: nowhere, chain: [], connectMs: undefined }, s.failed('timeout')),
        s.signal({ address: nowhere }, s.failed('timeout')),
      ],
    }),
    codes: ['dns-resolvers-disagree'],
    suppressed: ['signal-port-filtered'],
    verdict: 'fail',
  },
  {
    name: 'an internal record seen from a public address',
    evidence: scene({
      notJoined: true,
      with: [
        s.observation('vantage', undefined, { hasNetwork: true, addresses: ['198.51.100.7'], resolvers: [] }),
        s.dns(host, { addresses: ['10.0.0.5'] }),
        s.tls(host, { address: '10.0.0.5', chain: [], connectMs: undefined }, s.failed('timeout')),
        s.signal({ address: '10.0.0.5' }, s.failed('timeout')),
      ],
    }),
    codes: ['dns-private-address'],
    suppressed: ['signal-port-filtered'],
    verdict: 'fail',
    says: [host, '10.0.0.5'],
  },
  {
    name: 'an internal record seen from another private network',
    evidence: scene({
      notJoined: true,
      with: [
        s.observation('vantage', undefined, { hasNetwork: true, addresses: ['192.168.1.7'], resolvers: [] }),
        s.dns(host, { addresses: ['10.0.0.5'] }),
        s.tls(host, { address: '10.0.0.5', chain: [], connectMs: undefined }, s.failed('timeout')),
        s.signal({ address: '10.0.0.5' }, s.failed('timeout')),
      ],
    }),
    codes: ['dns-private-address'],
    suppressed: ['signal-port-filtered'],
    alternatives: ['signal-port-filtered'],
    verdict: 'inconclusive',
  },
  {
    name: 'IPv6 address of the signalling host dead',
    evidence: scene({
      with: [
        s.observation('vantage', undefined, {
          hasNetwork: true,
          addresses: ['192.0.2.7', '2001:db8::7'],
          resolvers: [],
        }),
        s.dns(host, { addresses: [ingress, '2001:db8::10'] }),
        s.observation(
          'address',
          '[2001:db8::10]:443',
          { host, address: '2001:db8::10', port: 443 },
          s.failed('timeout'),
        ),
      ],
    }),
    codes: ['ipv6-unreachable'],
    verdict: 'pass',
    says: ['2001:db8::10', 'AAAA record'],
  },
  {
    name: 'IPv6 dropped on the way to everything',
    evidence: scene({
      with: [
        s.observation('vantage', undefined, {
          hasNetwork: true,
          addresses: ['192.0.2.7', '2001:db8::7'],
          resolvers: [],
        }),
        s.dns(host, { addresses: [ingress, '2001:db8::10'] }),
        s.observation(
          'address',
          '[2001:db8::10]:443',
          { host, address: '2001:db8::10', port: 443 },
          s.failed('timeout'),
        ),
        s.ice('udp', '2001:db8::30', 'timeout'),
        s.turn('turn-udp', 'timeout', { address: '2001:db8::30' }),
      ],
    }),
    codes: ['ipv6-unreachable'],
    suppressed: ['turn-udp-unreachable'],
    verdict: 'pass',
  },
  {
    name: 'IPv6 of the signalling host dropped, while that of the media answers',
    evidence: scene({
      with: [
        s.observation('vantage', undefined, {
          hasNetwork: true,
          addresses: ['192.0.2.7', '2001:db8::7'],
          resolvers: [],
        }),
        s.dns(host, { addresses: [ingress, '2001:db8::10'] }),
        s.observation(
          'address',
          '[2001:db8::10]:443',
          { host, address: '2001:db8::10', port: 443 },
          s.failed('timeout'),
        ),
        s.ice('udp', '2001:db8::30'),
      ],
    }),
    codes: ['ipv6-unreachable'],
    verdict: 'fail',
  },
  {
    name: 'one of two addresses of the signalling host dead',
    evidence: scene({
      with: [
        s.dns(host, { addresses: [ingress, nowhere] }),
        s.observation('address', `${nowhere}:443`, { host, address: nowhere, port: 443 }, s.failed('timeout')),
      ],
    }),
    codes: ['signal-address-dead'],
    verdict: 'pass',
    says: [nowhere],
  },
];
