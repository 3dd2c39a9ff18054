/** Calls between two participants: how each came about, how well it went, and what each of them saw. */
import type { CallFacts, MediaFacts, ParticipantFacts, ReceivedMedia, RoundTrips } from '../../evidence/facts.js';
import type { Observation } from '../../evidence/run.js';
import { stateMarks } from '../findings.js';
import { keyFact, slowest } from '../key-fact.js';
import { html, type Markup } from '../markup.js';
import { phases } from '../media-strip.js';
import { duration } from '../text.js';
import { plotsOf } from './plots.js';
import { type Entry, stateTones } from './view.js';

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
  const scaleMs = Math.max(
    1,
    ...calls.flatMap(({ caller, callee }) => [caller, callee].map((end) => end?.rtt?.mostMs ?? 0)),
  );
  return html`${calls.length > 0 && [strips(calls), html`<div class="cards calls">${calls.map((call) => card(call, scaleMs))}</div>`]}${
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

function card({ observation, name, caller, callee }: Call, scaleMs: number): Markup {
  const { state } = observation;
  const ends = [
    ['caller', caller],
    ['callee', callee],
  ] as const;
  const rows = figures.map(
    ([label, value]) => [label, ends.map(([, end]) => (end?.received ? value(end, scaleMs) : undefined))] as const,
  );
  const known = rows.filter(([, values]) => values.some((value) => value !== undefined));
  const browser = (observation.facts as unknown as MediaFacts).browser;
  return html`<article class="card call"><h4><b class="${stateTones[state]}" aria-label="${state}">${stateMarks[state]}</b> ${name}</h4>${browser?.name && html`<p class="browser">${browser.name} ${browser.version}</p>`}${
    state === 'failed' && html`<p class="bad">${keyFact(observation)}</p>`
  }<div class="pictures">${ends.map(([who, end]) => picture(name, who, end?.received))}</div><table class="figures"><thead><tr><td></td><th scope="col">caller</th><th scope="col">callee</th></tr></thead><tbody>${known.map(
    ([label, values]) =>
      html`<tr><th scope="row">${label}</th>${values.map((value) => html`<td>${value ?? '–'}</td>`)}</tr>`,
  )}</tbody></table>${plotsOf([caller, callee])}</article>`;
}

/** Nothing but what we ourselves write there: a picture, in itself. */
const jpeg = /^data:image\/jpeg;base64,[A-Za-z0-9+/]+=*$/;

function picture(call: string, who: string, received: ReceivedMedia | undefined): Markup {
  const { snapshot } = received ?? {};
  if (typeof snapshot !== 'string' || !jpeg.test(snapshot))
    return html`<figure><div class="dark">no picture kept</div><figcaption>${who} saw</figcaption></figure>`;
  return html`<figure><img src="${snapshot}" width="160" height="90" alt="What the ${who} saw on ${call}" loading="lazy"><figcaption>${who} saw</figcaption></figure>`;
}

type Figure = readonly [label: string, value: (end: ParticipantFacts, scaleMs: number) => Markup | string | undefined];

const ms = (value: number | undefined): string | undefined => (value === undefined ? undefined : duration(value));
const kbits = (bps: number | undefined): string | undefined => (bps ? `${Math.round(bps / 1000)}` : undefined);

/** Of what one participant receives, unless it says otherwise. */
const figures: readonly Figure[] = [
  ['connected', ({ connectMs }) => ms(connectMs)],
  ['first picture', ({ received }) => ms(received.firstFrameMs)],
  ['first voice', ({ received }) => ms(received.firstAudioMs)],
  ['picture delay', ({ received: { picture: seen } }) => ms(seen?.latencyMs)],
  ['voice delay', ({ received: { voice } }) => ms(voice?.latencyMs)],
  ['round trip', ({ rtt }, scaleMs) => rtt && range(rtt, scaleMs)],
  ['jitter', ({ received }) => ms(received.measured?.jitterMs ?? received.audioJitterMs)],
  ['lost packets', ({ received }) => lostOf(received)],
  ['frames seen', ({ received: { picture: seen } }) => seen && of(seen.fresh, seen.frames)],
  ['frozen', ({ received: { frozenMs } }) => (frozenMs === 0 ? 'never' : ms(frozenMs))],
  [
    'kbit/s',
    ({ received: { videoBytes, audioBytes, measuredMs } }) =>
      measuredMs ? kbits(((videoBytes + audioBytes) * 8000) / measuredMs) : undefined,
  ],
  ['kbit/s possible', ({ sent }) => kbits(sent?.availableBps)],
  ['size', ({ received: { frameWidth, frameHeight } }) => (frameWidth ? `${frameWidth}×${frameHeight}` : undefined)],
  ['voice, MOS', ({ received: { mosEstimate } }) => mosEstimate?.toFixed(1)],
];

/** Least, median and most, on the scale of all calls. */
function range({ leastMs, medianMs, mostMs }: RoundTrips, scaleMs: number): Markup {
  const from = share(leastMs, scaleMs);
  const said = `${duration(leastMs)} to ${duration(mostMs)}`;
  return html`${duration(medianMs)}<svg class="gauge" role="img" aria-label="${said}"><title>${said}</title><rect class="track" width="100%"/><rect x="${Math.min(97, from)}%" width="${Math.max(3, share(mostMs, scaleMs) - from)}%"/></svg>`;
}

function lostOf({ packetsLost, packetsReceived = 0 }: ReceivedMedia): Markup | undefined {
  return of(packetsLost, packetsLost + packetsReceived);
}

function of(part: number, whole: number): Markup | undefined {
  if (!(whole > 0)) return undefined;
  return html`${part} of ${whole}<svg class="gauge" aria-hidden="true"><rect class="track" width="100%"/><rect width="${share(part, whole)}%"/></svg>`;
}

const share = (part: number, whole: number): number => (whole > 0 ? Math.round((part / whole) * 1000) / 10 : 0);

function exercise(observation: Observation): Markup {
  const { state, id } = observation;
  const { caller, callee } = observation.facts as unknown as Partial<CallFacts>;
  const gaps = [caller?.pictureGapMs, callee?.pictureGapMs].filter((gap) => gap !== undefined);
  return html`<li><b class="${stateTones[state]}" aria-label="${state}">${stateMarks[state]}</b> <span>${id.replace(/^call:/, '')}: ${keyFact(observation)}${state !== 'ok' && gaps.length > 0 && `, at most ${duration(Math.max(...gaps))} without picture`}</span></li>`;
}
