/** What is measured side by side: a deployment, what is wrong with it, and the link to it. */
import type { TopologyName } from '../fixtures/lab/topologies/index.js';
import type { VantageName } from '../fixtures/lab/vantages.js';

export interface Case {
  readonly name: string;
  readonly topology: TopologyName;
  /** Beside a private CA that the environment names, so that Chromium trusts it. */
  readonly faults: readonly string[];
  readonly vantage: VantageName;
  readonly roundTripMs: number;
  /** Packets in a hundred, each way. */
  readonly lossPercent: number;
  readonly healthy: boolean;
  /** What a check at depth `wire` is held against. */
  readonly mark: {
    readonly text: string;
    /** Not the whole check, but an address that is refused, from when it is known. */
    readonly ofRefusal?: true;
    ms(roundTripMs: number): number;
  };
  /** Beside depth `wire` of this tool. ConnectionCheck takes a minute for each. */
  readonly contestants: readonly ContestantName[];
}

export type ContestantName = 'ours, media' | 'ConnectionCheck' | 'plain Playwright' | 'terminal tools';
const everybody: readonly ContestantName[] = ['ours, media', 'ConnectionCheck', 'plain Playwright', 'terminal tools'];

/** DNS, TCP, TLS, upgrade and join, allocation with the nonce that came meanwhile, permission and check through the relay. */
export const roundTripsNeeded = 6;

const healthyMark = {
  text: `1.25 × ${roundTripsNeeded} RTT + 100 ms`,
  ms: (roundTripMs: number) => 1.25 * roundTripsNeeded * roundTripMs + 100,
};
const silentMark = { text: '3 s', ms: () => 3000 };
const refusedMark = {
  text: 'a refused address in 2 RTT + 50 ms',
  ofRefusal: true as const,
  ms: (roundTripMs: number) => 2 * roundTripMs + 50,
};

interface KindOfCase extends Pick<Case, 'faults' | 'mark'> {
  readonly topology?: TopologyName;
}

const kinds = {
  healthy: { faults: [], mark: healthyMark },
  'UDP silent': { faults: ['udp-filtered'], mark: silentMark },
  // Elsewhere TURN over TLS shares its port with signalling.
  'all media silent': {
    topology: 'external-turn',
    faults: ['udp-filtered', 'tcp-port-filtered', 'turn-udp-unreachable', 'turn-tls-unreachable'],
    mark: silentMark,
  },
  'UDP and TCP refused': { faults: ['udp-port-closed', 'tcp-port-refused'], mark: refusedMark },
  'TURN only': { faults: ['udp-filtered', 'tcp-port-filtered'], mark: silentMark },
} as const satisfies Record<string, KindOfCase>;
type Kind = keyof typeof kinds;

function caseOf(kind: Kind, link: Partial<Pick<Case, 'roundTripMs' | 'lossPercent' | 'contestants'>> = {}): Case {
  const { roundTripMs = 0, lossPercent = 0, contestants = [] } = link;
  const { topology = 'plain', faults, mark }: KindOfCase = kinds[kind];
  return {
    name: kind,
    topology,
    faults: ['healthy/private-ca', ...faults],
    // The server reaches an open client by checks of its own, and so hides what is silent; not one behind a router.
    vantage: roundTripMs > 0 ? 'slow' : kind === 'healthy' ? 'open' : 'cone',
    roundTripMs,
    lossPercent,
    healthy: kind === 'healthy',
    mark,
    contestants,
  };
}

/** ConnectionCheck once for each kind of trouble, on a quick link; this tool on every link. */
export const cases: readonly Case[] = [
  ...(Object.keys(kinds) as Kind[]).map((kind) => caseOf(kind, { contestants: everybody })),
  ...[50, 200].flatMap((roundTripMs) =>
    (Object.keys(kinds) as Kind[]).map((kind) =>
      caseOf(kind, { roundTripMs, contestants: kind === 'healthy' ? ['ours, media', 'plain Playwright'] : [] }),
    ),
  ),
  ...[5, 20].map((lossPercent) => caseOf('healthy', { lossPercent, contestants: ['ours, media', 'plain Playwright'] })),
];

export const quickCases: readonly Case[] = [
  caseOf('healthy', { contestants: everybody }),
  caseOf('UDP silent', { contestants: ['plain Playwright'] }),
];
