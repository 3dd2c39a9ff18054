/** Where media was looked for, what answered, and as whom it saw this vantage. */
import { at } from '../../diagnosis/words.js';
import { type IceFacts, seen } from '../../evidence/facts.js';
import type { State } from '../../evidence/run.js';
import { stateMarks } from '../findings.js';
import { html, type Markup } from '../markup.js';
import { duration } from '../text.js';
import { column, type Entry, stateTones, tableOf } from './view.js';

const origins: Record<IceFacts['origin'], string> = {
  advertised: 'advertised',
  claimed: 'claimed address',
  cluster: 'EXTERNAL-IP of the Service',
  'signal-host': 'address of the signalling host',
  'turn-host': 'address of the TURN host',
  'claimed-port': 'claimed port',
  'neighbouring-port': 'neighbouring port',
};

type Row = readonly [what: string, from: string, state: State, tookMs: number | undefined, mapped: string | undefined];

export function candidatesOf({ environment: { observations }, called }: Entry): Markup | undefined {
  const tried = [...seen(observations, 'ice-udp'), ...seen(observations, 'ice-tcp')];
  const inVain = tried.filter(({ state, facts }) => state === 'failed' && facts.origin !== 'advertised');
  const checks = tried
    .filter((one) => !inVain.includes(one))
    .map(({ probe, state, facts }): Row => {
      const { origin, rttMs, mapped } = facts;
      return [endpoint(probe, facts), origins[origin] ?? origin, state, rttMs, mapped];
    });
  const relays = (['turn-udp', 'turn-tcp', 'turn-tls'] as const)
    .flatMap((probe) => seen(observations, probe))
    .map(({ state, facts: { url, relayed, relayedChecks, mapped } }): Row => {
      const rttMs = relayedChecks?.find((check) => check.rttMs !== undefined)?.rttMs;
      return [url, relayed ? `relays from ${relayed}` : 'no relay', state, rttMs, mapped];
    });
  const asked = seen(observations, 'nat')
    .flatMap(({ facts }) => facts.destinations ?? [])
    .filter(({ kind }) => kind !== 'media')
    .map(({ host, destination, mapped, rttMs, kind }): Row => {
      const state = mapped === undefined ? 'failed' : 'ok';
      return [`${kind.toUpperCase()} ${host}`, `asked ${destination} for our address`, state, rttMs, mapped];
    });
  const rows = [...checks, ...relays, ...asked];
  if (rows.length === 0) return undefined;
  const others = inVain.map(({ probe, facts }) => endpoint(probe, facts)).join(', ');
  const columns = ['candidate', 'what it is', 'round trip', 'sees us as'].map(column);
  const table = tableOf(`Candidates of ${called}`, columns, rows.map(rowOf));
  return html`${table}${others !== '' && html`<p class="aside">Not advertised, tried in their place, and without an answer: ${others}</p>`}`;
}

const rowOf = ([what, from, state, tookMs, mapped]: Row): Markup =>
  html`<tr><th scope="row" class="mono">${what}</th><td>${from}</td><td class="${stateTones[state]}">${stateMarks[state]} ${tookMs === undefined ? state : duration(tookMs)}</td><td class="mono">${mapped ?? '–'}</td></tr>`;

const endpoint = (probe: string, { address, port }: IceFacts): string =>
  `${probe === 'ice-udp' ? 'UDP' : 'TCP'} ${at(address, port)}`;
