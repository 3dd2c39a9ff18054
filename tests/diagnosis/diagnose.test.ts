import { readdirSync, readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { allCodes, diagnose } from '../../diagnosis/index.js';
import { rules } from '../../diagnosis/rules/index.js';
import type { Evidence, Finding } from '../../evidence/run.js';
import { type Fault, faults } from './faults/index.js';
import * as s from './scene.js';

const codes = (findings: readonly { code: string }[]): string[] => findings.map(({ code }) => code);
const sorted = (values: Iterable<string>): string[] => [...new Set(values)].sort();

t.test('a healthy deployment gives nothing, at every depth', async (t) => {
  for (const depth of ['wire', 'peer', 'media'] as const) {
    const { verdict, findings, suppressed } = diagnose(s.scene({ asked: { depth } }));
    t.same({ verdict, findings, suppressed }, { verdict: 'pass', findings: [], suppressed: [] }, depth);
  }
});

t.test('each fault gives its code, and no innocent one is named', async (t) => {
  for (const fault of faults) {
    t.test(fault.name, async (t) => judgesAs(t, fault));
  }
});

function judgesAs(t: Test, fault: Fault): void {
  const { verdict, findings, suppressed } = diagnose(fault.evidence);
  t.same(codes(findings), fault.codes, 'the findings');
  t.same(sorted(codes(suppressed)), sorted(fault.suppressed ?? []), 'the hidden consequences');
  t.equal(verdict, fault.verdict, 'the verdict');
  for (const { because } of suppressed) t.ok(codes(findings).includes(because), `${because} stands`);
  const known = new Set(fault.evidence.observations.map(({ id }) => id));
  for (const finding of findings) {
    t.ok(finding.evidence.length > 0 && finding.evidence.every((id) => known.has(id)), 'the evidence is in the run');
    for (const text of [finding.summary, finding.cause, finding.fix]) {
      t.match(text, /^[^\s].*[.!]$/s, 'is a sentence');
      t.notMatch(text, /undefined|null|NaN|\[object/, 'has every value');
    }
    for (const { code, separateBy } of finding.alternatives ?? []) {
      t.ok(allCodes.includes(code), `${code} is a code`);
      t.match(separateBy, /\w.*\.$/, 'names an experiment');
    }
    t.same(JSON.parse(JSON.stringify(finding)), finding, 'is plain JSON');
  }
  const [first] = findings;
  if (fault.alternatives) t.same(codes(first?.alternatives ?? []), fault.alternatives, 'the alternatives');
  const prose = findings.map(({ summary, cause, fix }) => `${summary} ${cause} ${fix}`).join(' ');
  for (const words of fault.says ?? []) t.ok(prose.includes(words), `says ${words}`, { prose });
}

t.test('what a server says ends no mark in our prose', async (t) => {
  const lure = 'key` ![](https://elsewhere.example.com/) `';
  const fault = faults.find(({ codes: [code] }) => code === 'token-key-unknown');
  const said = JSON.stringify(fault?.evidence).replaceAll('invalid API key', `invalid API key: ${lure}`);
  const { findings } = diagnose(JSON.parse(said) as Evidence);
  t.match(findings, [{ code: 'token-key-unknown', args: { key: new RegExp(lure.replace(/[[\]!()`]/g, '.')) } }]);
  for (const { summary, cause } of findings) {
    t.match(summary, 'elsewhere.example.com');
    t.notMatch(summary.replace(/`[^`]*`/g, ''), 'elsewhere', 'it stays inside of the code');
    t.same(cause.match(/`[^`]*`/g), ['`keys`'], 'it makes no code of its own');
  }
});

/** What a finding says that it could be. */
const possible = ({ code, alternatives = [] }: Finding): string[] => [code, ...codes(alternatives)];

t.test('leaving out one observation never turns the cause into another one', async (t) => {
  for (const fault of faults) {
    const whole = diagnose(fault.evidence);
    const before = whole.findings.flatMap(possible);
    for (const left of fault.evidence.observations) {
      const observations = fault.evidence.observations.filter((one) => one !== left);
      const { verdict, findings } = diagnose({ ...fault.evidence, observations });
      if (verdict !== 'fail') continue;
      for (const finding of findings.filter(({ severity }) => severity === 'error')) {
        const same =
          before.includes(finding.code) || codes(whole.findings).some((one) => possible(finding).includes(one));
        // It names no cause: it says that none is known.
        const honest = finding.code === 'unexplained-failure';
        // Without the cluster's word its consequence is what can be seen, and is right as well.
        const nearer = left.probe === 'kubernetes' && whole.suppressed.some(({ code }) => code === finding.code);
        t.ok(same || honest || nearer, `${fault.name} without ${left.id}: ${possible(finding)}`);
      }
    }
  }
});

t.test('whatever is left of a run, the verdict and the findings agree', async (t) => {
  const { default: fc } = await import('fast-check');
  const some = fc.constantFrom(...faults).chain(({ evidence }) =>
    fc.record({
      evidence: fc.constant(evidence),
      observations: fc.subarray([...evidence.observations]),
      depth: fc.constantFrom('wire', 'peer', 'media' as const),
    }),
  );
  const holds = ({
    evidence,
    observations,
    depth,
  }: {
    evidence: Evidence;
    observations: Evidence['observations'];
    depth: 'wire' | 'peer' | 'media';
  }) => {
    const { verdict, findings, paths } = diagnose({ ...evidence, asked: { depth }, observations });
    const errors = findings.filter(({ severity }) => severity === 'error');
    const required = Object.values(paths).filter((path) => path.required);
    if (verdict === 'fail' && errors.length === 0) return false;
    if (verdict !== 'pass') return true;
    const states = required.flatMap(({ reach, peer, media }) => [reach, peer, media]).filter(Boolean);
    return errors.length === 0 && states.length > 0 && states.every((state) => state === 'ok');
  };
  t.doesNotThrow(() => fc.assert(fc.property(some, holds), { numRuns: 300, seed: 7 }));
});

t.test('two faults at once are both named, and nothing else', async (t) => {
  const both = [
    {
      name: 'UDP dropped and TURN over TLS refused',
      evidence: s.scene({ with: [s.ice('udp', s.media, 'timeout'), s.turn('turn-tls', 'refused')] }),
      codes: ['udp-filtered', 'turn-tls-unreachable'],
    },
    {
      name: 'TCP refused and the TURN certificate for another name',
      evidence: s.scene({
        with: [
          s.ice('tcp', s.media, 'refused'),
          s.tls(s.turnHost, { nameError: 'no', chain: [s.certificate('other.example.com')] }, s.failed('name')),
          s.turn('turn-tls', 'tls'),
        ],
      }),
      codes: ['tls-name-mismatch', 'tcp-port-refused'],
    },
    {
      name: 'UDP closed and TCP dropped',
      evidence: s.scene({ with: [s.ice('udp', s.media, 'refused'), s.ice('tcp', s.media, 'timeout')] }),
      codes: ['udp-port-closed', 'tcp-port-filtered'],
    },
    {
      name: 'UDP dropped and no browser',
      evidence: s.scene({
        with: [
          s.ice('udp', s.media, 'timeout'),
          s.deep('media', 'tcp', { state: 'unsupported', failure: { kind: 'browser-missing', message: 'none' } }),
        ],
      }),
      codes: ['udp-filtered', 'browser-missing'],
    },
  ];
  for (const { name, evidence, codes: expected } of both) {
    const { verdict, findings } = diagnose(evidence);
    t.same(codes(findings), expected, name);
    t.equal(verdict, 'fail', name);
  }
});

t.test('what did not fail by itself is not blamed', async (t) => {
  const innocent: Record<string, Evidence> = {
    'an internal address beside one that works': s.scene({
      with: [
        s.joined({
          candidates: [
            s.candidate('udp', s.media, 7882),
            s.candidate('udp', '10.1.2.3', 7882),
            s.candidate('tcp', s.media, 7881),
          ],
        }),
        s.ice('udp', '10.1.2.3', 'timeout'),
      ],
    }),
    'a private network with private addresses': s.scene({
      url: 'ws://10.0.0.5:7880/',
      without: [`tls:${s.host}:443`, `dns:${s.host}`, `ice-udp:${s.media}:7882`, `ice-tcp:${s.media}:7881`],
      with: [
        s.signal({
          ...(s.joined().facts as object),
          host: '10.0.0.5',
          address: '10.0.0.5',
          port: 7880,
          secure: false,
        }),
        s.ice('udp', '10.0.0.5'),
        s.ice('tcp', '10.0.0.5'),
      ],
    }),
    'a private address that a tunnel reaches': s.scene({
      without: [`ice-udp:${s.media}:7882`, `ice-tcp:${s.media}:7881`],
      with: [s.ice('udp', '10.1.2.3'), s.ice('tcp', '10.1.2.3')],
    }),
    'carrier-grade NAT at the vantage': s.scene({
      with: [s.observation('vantage', undefined, { hasNetwork: true, addresses: ['100.64.3.4'], resolvers: [] })],
    }),
    'a claim about IPv4 and a name with both families': s.scene({
      claims: { dns: { signal: s.ingress } },
      with: [s.dns(s.host, { addresses: [s.ingress, '2001:db8::10'] })],
    }),
    'IPv6 only, beside a claim about IPv4': s.scene({
      claims: { media: { address: s.media } },
      without: [`ice-udp:${s.media}:7882`, `ice-tcp:${s.media}:7881`],
      with: [
        s.joined({ candidates: [s.candidate('udp', '2001:db8::30', 7882), s.candidate('tcp', '2001:db8::30', 7881)] }),
        s.ice('udp', '2001:db8::30'),
        s.ice('tcp', '2001:db8::30'),
      ],
    }),
    'a token of the SDKs, that joins one room for 6 h, from a backend that says the same server in other words':
      s.scene({
        with: [
          s.observation('token', undefined, {
            source: 'endpoint',
            answer: {
              host: 'app',
              port: 443,
              status: 200,
              answerMs: 900,
              serverUrl: `https://${s.host.toUpperCase()}:443/`,
            },
            asked: { room: 'doctor-r' },
            claims: { room: 'acme:doctor-r', identity: 'alice', joins: true, grants: [], refuses: [], livesS: 21_600 },
          }),
        ],
      }),
    'a token that does and lasts what the operator says': s.scene({
      claims: { token: { maxTtlMs: 30 * 86_400_000, mayGrant: ['roomAdmin'], answerWithinMs: 5000 } },
      with: [
        s.observation('token', undefined, {
          source: 'endpoint',
          answer: { host: 'app', port: 443, status: 200, answerMs: 4900 },
          asked: {},
          claims: { room: 'lobby', joins: true, grants: ['roomAdmin'], refuses: [], livesS: 30 * 86_400 },
        }),
      ],
    }),
    'no TURN, as the operator says': s.scene({
      claims: { paths: { optional: ['turn-udp', 'turn-tcp', 'turn-tls'] } },
      asked: { paths: ['udp', 'tcp'] },
      without: [`turn-udp:${s.media}:3478`, `turn-tls:${s.turnHost}:443`, `dns:${s.turnHost}`, `tls:${s.turnHost}:443`],
      with: [s.joined({ iceServers: [] })],
    }),
  };
  for (const [name, evidence] of Object.entries(innocent)) {
    const { verdict, findings } = diagnose(evidence);
    t.same(codes(findings), [], name);
    t.equal(verdict, 'pass', name);
  }
});

t.test('a path that may be missing only warns', async (t) => {
  const { verdict, findings } = diagnose(
    s.scene({ claims: { paths: { optional: ['turn-udp'] } }, with: [s.turn('turn-udp', 'refused')] }),
  );
  t.match(findings, [{ code: 'turn-udp-unreachable', severity: 'warning' }]);
  t.equal(verdict, 'pass');
});

t.test('one of two TURN servers being dead is told, though the path works', async (t) => {
  const second = s.turn('turn-udp', 'refused', { address: s.nowhere });
  const { verdict, findings, paths } = diagnose(s.scene({ with: [second] }));
  t.match(findings, [{ code: 'turn-udp-unreachable', severity: 'warning', evidence: [second.id] }]);
  t.equal(paths['turn-udp']?.reach, 'ok');
  t.equal(verdict, 'pass');
});

t.test('the graph of explanations', async (t) => {
  t.same(allCodes, [...new Set(allCodes)], 'each code once');
  for (const [i, { code, explainedBy }] of rules.entries()) {
    for (const cause of explainedBy) {
      const at = allCodes.indexOf(cause);
      t.ok(at >= 0, `${code} is explained by ${cause}, which exists`);
      // So there is no circle, and the order of the index ranks causes before consequences.
      t.ok(at < i, `${cause} stands before ${code}`);
    }
  }
});

t.test('every code has a page, and every page a code', async (t) => {
  const folder = new URL('../../docs/faults/', import.meta.url);
  const pages = readdirSync(folder).filter((name) => name.endsWith('.md'));
  t.same(sorted(pages.map((name) => name.slice(0, -3))), sorted(allCodes));
  const headings = ['What is seen', 'Why', 'How to confirm', 'How to fix'];
  for (const name of pages) {
    const text = readFileSync(new URL(name, folder), 'utf8');
    t.equal(text.split('\n')[0], `# ${name.slice(0, -3)}`, `${name} begins with its code`);
    t.same(
      [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading),
      headings,
      `${name} has the headings`,
    );
  }
});

t.test('every rule is shown by a fault', async (t) => {
  const shown = new Set(faults.flatMap((fault) => [...fault.codes, ...(fault.suppressed ?? [])]));
  t.same(sorted(allCodes.filter((code) => !shown.has(code))), []);
});
