/** Calls between two participants: how each came about, how well it went, and what each of them saw. */
import type { CallFacts, MediaFacts, ParticipantFacts, ReceivedMedia } from '../../evidence/facts.js';
import type { Observation } from '../../evidence/run.js';
import { keyFact, slowest } from '../key-fact.js';
import { html, type Markup } from '../markup.js';
import { lost, phases, rate } from '../media-strip.js';
import { duration } from '../text.js';
import { type Entry, stateMarks, stateTones } from './view.js';

interface Call {
  readonly observation: Observation;
  readonly name: string;
  readonly caller?: ParticipantFacts;
  readonly callee?: ParticipantFacts;
}

export function callsOf({ environment: { observations } }: Entry): Markup | undefined {
  const calls = observations
    .filter(({ probe, state }) => probe === 'media' && (state === 'ok' || state === 'failed'))
    .map((observation): Call => {
      const { caller, callee } = observation.facts as unknown as MediaFacts;
      const name = observation.id.replace(/^media:/, '').replace(':', ' in ');
      return { observation, name, ...(caller && { caller }), ...(callee && { callee }) };
    });
  const exercises = observations.filter(
    ({ probe, state }) => probe === 'call' && (state === 'ok' || state === 'failed'),
  );
  if (calls.length === 0 && exercises.length === 0) return undefined;
  return html`${calls.length > 0 && [strips(calls), html`<div class="cards calls">${calls.map(card)}</div>`]}${
    exercises.length > 0 &&
    html`<h4>What became of a call that was cut or moved</h4><ul class="seen">${exercises.map(exercise)}</ul>`
  }`;
}

/** When both had come so far, by phase, in milliseconds from the start of their connect. */
function endsOf({ caller, callee }: Call): number[] {
  if (!caller?.received || !callee?.received) return [];
  const ends = phases.map(([, , endsAt]) => slowest(endsAt(caller), endsAt(callee)));
  const open = ends.indexOf(undefined);
  return (open < 0 ? ends : ends.slice(0, open)).filter((end) => end !== undefined);
}

/** How each call came about, on one scale. */
function strips(calls: readonly Call[]): Markup {
  const most = Math.max(1, ...calls.flatMap(endsOf));
  const rows = calls.map((call) => {
    const ends = endsOf(call);
    const whole = ends.length === phases.length ? ends.at(-1) : undefined;
    const said = ends.map((end, i) => `${phases[i]?.[0]} after ${duration(end)}`).join(', ');
    let from = 0;
    const bars = ends.map((end, i) => {
      const [x, width] = [from, Math.max(0, end - from)];
      from = Math.max(from, end);
      return html`<rect class="phase${i}" x="${share(x, most)}%" width="${share(width, most)}%"><title>${phases[i]?.[0]} after ${duration(end)}</title></rect>`;
    });
    const { state } = call.observation;
    return html`<div class="strip"><span>${call.name}</span><svg role="img" aria-label="${said || 'did not come about'}">${bars}</svg><span class="${stateTones[state]}">${stateMarks[state]} ${whole === undefined ? state : duration(whole)}</span></div>`;
  });
  const legend = phases.map(([name], i) => html`<span><i class="phase${i}"></i>until ${name}</span>`);
  return html`<div class="strips">${rows}<p class="legend">${legend}</p></div>`;
}

function card({ observation, name, caller, callee }: Call): Markup {
  const { state } = observation;
  const ends = [
    ['caller', caller],
    ['callee', callee],
  ] as const;
  const rows = figures.map(
    ([label, value]) => [label, ends.map(([, end]) => (end?.received ? value(end) : undefined))] as const,
  );
  const known = rows.filter(([, values]) => values.some((value) => value !== undefined));
  const browser = (observation.facts as unknown as MediaFacts).browser;
  return html`<article class="card call"><h4><b class="${stateTones[state]}" aria-label="${state}">${stateMarks[state]}</b> ${name}${browser?.name && html` <span class="faint">${browser.name} ${browser.version}</span>`}</h4>${
    state === 'failed' && html`<p class="bad">${keyFact(observation)}</p>`
  }<div class="pictures">${ends.map(([who, end]) => picture(name, who, end?.received))}</div><table class="figures"><thead><tr><td></td><th scope="col">caller</th><th scope="col">callee</th></tr></thead><tbody>${known.map(
    ([label, values]) =>
      html`<tr><th scope="row">${label}</th>${values.map((value) => html`<td>${value ?? '–'}</td>`)}</tr>`,
  )}</tbody></table></article>`;
}

/** Nothing but what we ourselves write there: a picture, in itself. */
const jpeg = /^data:image\/jpeg;base64,[A-Za-z0-9+/]+=*$/;

function picture(call: string, who: string, received: ReceivedMedia | undefined): Markup {
  const { snapshot } = received ?? {};
  if (typeof snapshot !== 'string' || !jpeg.test(snapshot))
    return html`<figure><div class="dark">no picture kept</div><figcaption>${who} saw</figcaption></figure>`;
  return html`<figure><img src="${snapshot}" width="160" height="90" alt="What the ${who} saw on ${call}" loading="lazy"><figcaption>${who} saw</figcaption></figure>`;
}

type Figure = readonly [label: string, value: (end: ParticipantFacts) => Markup | string | undefined];

const ms = (value: number | undefined): string | undefined => (value === undefined ? undefined : duration(value));

const figures: readonly Figure[] = [
  ['connected', ({ connectMs }) => ms(connectMs)],
  ['first picture', ({ received }) => ms(received.firstFrameMs)],
  ['first voice', ({ received }) => ms(received.firstAudioMs)],
  ['picture delay', ({ received: { picture: seen } }) => ms(seen?.latencyMs)],
  ['voice delay', ({ received: { voice } }) => ms(voice?.latencyMs)],
  ['round trip', ({ rtt }) => rtt && range(rtt.leastMs, rtt.medianMs, rtt.mostMs)],
  ['jitter', ({ received }) => ms(received.measured?.jitterMs ?? received.audioJitterMs)],
  ['rate', ({ received }) => (received.measuredMs ? rate(received) : undefined)],
  [
    'lost',
    ({ received }) =>
      share100(received.packetsLost, received.packetsLost + (received.packetsReceived ?? 0), lost(received)),
  ],
  [
    'fresh frames',
    ({ received: { picture: seen } }) => seen && share100(seen.fresh, seen.frames, `${seen.fresh} of ${seen.frames}`),
  ],
  [
    'picture',
    ({ received: { frameWidth, frameHeight } }) => (frameWidth ? `${frameWidth} × ${frameHeight}` : undefined),
  ],
  ['frozen', ({ received: { frozenMs } }) => (frozenMs === 0 ? 'never' : ms(frozenMs))],
  ['could send', ({ sent }) => (sent?.availableBps ? `${Math.round(sent.availableBps / 1000)} kbit/s` : undefined)],
  [
    'voice rated',
    ({ received: { mosEstimate } }) =>
      mosEstimate ? html`${mosEstimate.toFixed(1)} <span class="faint">of 4.5</span>` : undefined,
  ],
];

/** Least, median and most, from 0 on. */
function range(least: number, median: number, most: number): Markup {
  const [from, to, at] = [share(least, most), 100, share(median, most)];
  return html`${duration(median)}<svg class="gauge" role="img" aria-label="from ${duration(least)} to ${duration(most)}"><title>${duration(least)} to ${duration(most)}</title><rect class="track" width="100%"/><rect x="${from}%" width="${Math.max(2, to - from)}%"/><rect class="at" x="${Math.min(98, at)}%" width="2%"/></svg>`;
}

function share100(part: number, whole: number, words: string): Markup | undefined {
  if (!(whole > 0)) return undefined;
  return html`${words}<svg class="gauge" aria-hidden="true"><rect class="track" width="100%"/><rect width="${share(part, whole)}%"/></svg>`;
}

const share = (part: number, whole: number): number => (whole > 0 ? Math.round((part / whole) * 1000) / 10 : 0);

function exercise(observation: Observation): Markup {
  const { state, id } = observation;
  const { caller, callee } = observation.facts as unknown as Partial<CallFacts>;
  const gaps = [caller?.pictureGapMs, callee?.pictureGapMs].filter((gap) => gap !== undefined);
  return html`<li><b class="${stateTones[state]}" aria-label="${state}">${stateMarks[state]}</b> <span>${id.replace(/^call:/, '')}: ${keyFact(observation)}${state !== 'ok' && gaps.length > 0 && `, at most ${duration(Math.max(...gaps))} without picture`}</span></li>`;
}
