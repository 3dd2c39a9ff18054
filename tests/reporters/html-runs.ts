/** Runs that the HTML report is looked at with: recorded ones, and what is made of them. */
import { readFileSync } from 'node:fs';
import { diagnose } from '../../diagnosis/index.js';
import type { EnvironmentRun, Run, TrendRun } from '../../evidence/run.js';
import { withChanges } from '../../run/since.js';

/** As it was recorded in the lab, judged by the rules of today. */
export function recorded(name: string): Run {
  const file = new URL(`../../fixtures/runs/${name}.json`, import.meta.url);
  const run = JSON.parse(readFileSync(file, 'utf8')) as Run;
  return { ...run, environments: run.environments.map((one) => ({ ...one, ...diagnose(one) })) };
}

const called = (name: string, recording: string): EnvironmentRun => ({
  ...(recorded(recording).environments[0] as EnvironmentRun),
  name,
});

/** With pictures, every path and a NAT. */
export const healthy = recorded('pairs/healthy.media.after');

/** UDP is dropped, to TURN as well, and a note. */
export const threeFindings = recorded('udp-filtered.turn-too');

/** No UDP leaves the vantage's own network. */
export const inconclusive = recorded('udp-blocked-at-vantage');

/** One of them was good before, and it is known what has changed since. */
export const four: Run = {
  ...healthy,
  environments: [
    called('production', 'pairs/healthy.media.before'),
    called('canary', 'tls-certificate-expiring'),
    called('branch', 'udp-blocked-at-vantage'),
    ...(await sinceGood('staging')).environments,
  ],
};

async function sinceGood(name: string): Promise<Run> {
  const wrong = {
    ...recorded('media-address-wrong.discovered'),
    environments: [called(name, 'media-address-wrong.discovered')],
  };
  const good = { ...recorded('healthy.one-resolver'), environments: [called(name, 'healthy.one-resolver')] };
  const twoDays = new Date(Date.parse(wrong.startedAt) - 2 * 86_400_000).toISOString();
  return withChanges(wrong, 'last-good', () => ({ ...good, startedAt: twoDays }));
}

/** One environment of which 40 runs are kept, one each night: it fails now, and has failed before. */
export const courses: Run = {
  ...healthy,
  startedAt: night(39),
  environments: [{ ...called('staging', 'media-address-wrong'), trend: Array.from({ length: 40 }, (_, i) => kept(i)) }],
};

function night(number: number): string {
  return new Date(Date.UTC(2026, 9, 13 + number, 2)).toISOString();
}

function kept(number: number): TrendRun {
  const filtered = number >= 12 && number < 15;
  const wrong = number >= 38;
  const codes = filtered
    ? ['udp-filtered']
    : wrong
      ? ['media-address-wrong']
      : number === 25
        ? ['vantage-offline']
        : [];
  const verdict = filtered || wrong ? 'fail' : number === 25 ? 'inconclusive' : 'pass';
  const udp = 12 + ((number * 7) % 13);
  return {
    startedAt: night(number),
    verdict,
    durationMs: verdict === 'pass' ? 3200 + ((number * 311) % 900) : 6100,
    codes,
    rttMs: { ...(verdict === 'pass' && { udp, tcp: udp + 3 }), ...(number !== 25 && { 'turn-tls': 2 * udp }) },
  };
}

/** Of all kinds, all that are known of calls among them. */
export function many(count: number): Run {
  const kinds = [
    'pairs/healthy.media.before',
    'rtcp-lost',
    'pairs/healthy.media.after',
    'media-uplink-lost',
    'healthy.calls',
  ];
  return {
    ...healthy,
    environments: Array.from({ length: count }, (_, i) => called(`env-${i}`, kinds[i % kinds.length] as string)),
  };
}

/** The same environment, from three places. */
export const vantages: readonly Run[] = (
  [
    ['office', 'udp-filtered'],
    ['home', 'healthy.firefox'],
    ['train', 'udp-blocked-at-vantage'],
  ] as const
).map(([name, recording]) => {
  const run = recorded(recording);
  return { ...run, vantage: { ...run.vantage, name } };
});

/** Each text of a run is an attack, keys and all, but for those that the document's shape allows no other text for. */
export function hostile(run: Run, attack: string): Run {
  const kept = new Set([
    'probe',
    'state',
    'verdict',
    'severity',
    'startedAt',
    'validFrom',
    'validTo',
    'role',
    'natMapping',
    'effect',
    'about',
    'run',
    'depth',
  ]);
  const spoil = (value: unknown, key = ''): unknown => {
    if (typeof value === 'string') return kept.has(key) ? value : `${value}${attack}`;
    if (Array.isArray(value)) return value.map((one) => spoil(one, key));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, spoil(inner, name)]));
  };
  return spoil(run) as Run;
}
