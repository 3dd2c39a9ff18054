/** What works in one browser and not in the other. */
import type { Seen } from '../../evidence/facts.js';
import type { Evidence, Path } from '../../evidence/run.js';
import { isLoopback, splitAddress } from '../address.js';
import { type TurnCheck, turnChecks, worked } from '../checks.js';
import { ids, look } from '../look.js';
import { severityOf, turnPath } from '../offered.js';
import { heavyPressure, isIncompleteCall } from '../pressure.js';
import { type Args, rule } from '../rule.js';
import { list } from '../words.js';

const inFirefox = ({ id }: Seen<'media'>): boolean => id.endsWith(':firefox');

/** Paths on which Firefox failed where Chromium did not. */
function onlyInFirefox(evidence: Evidence): { failed: Seen<'media'>[]; worked: Seen<'media'>[] } {
  const all = look(evidence, 'media');
  const works = (path: Path) => all.find((one) => !inFirefox(one) && worked(one) && one.facts.path === path);
  const failed = all.filter((one) => inFirefox(one) && one.state === 'failed' && works(one.facts.path));
  return { failed, worked: failed.flatMap((one) => works(one.facts.path) ?? []) };
}

/** The server sees whoever comes through a proxy of its own host at a loopback address, and says so. */
function loopbackMapped(evidence: Evidence): TurnCheck[] {
  return turnChecks(evidence).filter(({ facts: { mapped, address } }) => {
    return mapped !== undefined && isLoopback(splitAddress(mapped).address) && !isLoopback(address);
  });
}

interface LoopbackArgs extends Args {
  urls: string[];
  mapped: string;
  /** Firefox was tried, and failed there. */
  failed: boolean;
}

export const turnMappedAddressLoopback = rule<LoopbackArgs>({
  code: 'turn-mapped-address-loopback',
  severity: 'info',
  explainedBy: ['vantage-offline'],
  find(evidence) {
    const checks = loopbackMapped(evidence);
    if (checks.length === 0) return [];
    const paths = new Set(checks.map(({ facts }) => turnPath(facts.url)));
    const { failed } = onlyInFirefox(evidence);
    const proven = failed.filter(({ facts }) => paths.has(facts.path));
    return [
      {
        args: {
          target: 'turn' as const,
          urls: [...new Set(checks.map(({ facts }) => facts.url))],
          mapped: checks[0]?.facts.mapped ?? '',
          failed: proven.length > 0,
        },
        evidence: ids(...checks, ...proven),
        ...(proven.length > 0 && { severity: severityOf(evidence, ...proven.map(({ facts }) => facts.path)) }),
      },
    ];
  },
  prose: ({ urls, mapped, failed }) => ({
    summary: `Firefox cannot use TURN at ${list(urls.map((url) => `\`${url}\``))}, and Chromium can${failed ? '' : ' (not tried here)'}.`,
    cause: `The TURN server says that it sees participants at ${mapped} (XOR-MAPPED-ADDRESS), a loopback address, because a proxy on its own host leads them there; Firefox takes such an answer for bogus and gives the relay up.`,
    fix: "Have the proxy reach `turn.tls_port` at an address of the host other than 127.0.0.1 and ::1 (nginx: `proxy_pass` to the host's own address; Kubernetes: the Service), or let livekit-server end TLS itself.",
  }),
});

interface FirefoxArgs extends Args {
  paths: Path[];
  version: string;
  message: string;
}

/** What the TURN server sees participants at was not seen. */
function orLoopback(paths: readonly Path[]) {
  const separateBy =
    'Look at what the allocation answers as XOR-MAPPED-ADDRESS (about:webrtc says whether it is bogus).';
  return paths.some((path) => path.startsWith('turn')) ? [{ code: 'turn-mapped-address-loopback', separateBy }] : [];
}

const starved = {
  code: 'vantage-starved',
  separateBy: 'Run the check again when this machine has less to do, or with more CPU.',
};

export const firefoxFails = rule<FirefoxArgs>({
  code: 'firefox-fails',
  severity: 'error',
  explainedBy: ['vantage-starved', 'turn-mapped-address-loopback'],
  find(evidence) {
    const { failed, worked: controls } = onlyInFirefox(evidence);
    const explained = new Set(loopbackMapped(evidence).map(({ facts }) => turnPath(facts.url)));
    const left = failed.filter(({ facts }) => !explained.has(facts.path));
    const [first] = left;
    if (!first) return [];
    const paths = left.map(({ facts }) => facts.path);
    // Calls that came about and were slow say nothing of Firefox where the machine was busy: it needs more of it.
    const busy = heavyPressure(evidence) !== undefined && left.every(isIncompleteCall);
    return [
      {
        args: {
          paths,
          version: first.facts.browser?.version ?? '',
          message: (first.failure?.message ?? '').replace(/\.$/, ''),
        },
        evidence: ids(...left, ...controls),
        severity: severityOf(evidence, ...paths),
        ...(busy && { undecided: true }),
        alternatives: [
          ...(busy ? [starved] : []),
          ...(turnChecks(evidence).some(({ facts }) => facts.mapped && paths.includes(turnPath(facts.url) ?? 'udp'))
            ? []
            : orLoopback(paths)),
        ],
      },
    ];
  },
  prose: ({ paths, version, message }) => ({
    summary: `By ${list(paths)} people meet in Chromium, and not in Firefox ${version}.`,
    cause: `In Firefox ${message}. For Firefox livekit-server leaves ICE lite off and, where addresses are mapped (\`rtc.node_ip\`, \`rtc.use_external_ip\`), offers the mapped IPv4 address alone, so whatever is wrong with that one shows in Firefox only.`,
    fix: 'Compare the candidates that Firefox is offered (about:webrtc) with those of Chromium, and correct `rtc.node_ip` and `rtc.ips` so that the mapped IPv4 address takes media.',
  }),
});
