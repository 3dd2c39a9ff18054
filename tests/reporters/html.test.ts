/** The HTML report as text: nothing of a run becomes markup, what matters comes first, and it stays small. */
import t from 'tap';
import { pageOf } from '../../reporters/html/page.js';
import { html, prose } from '../../reporters/markup.js';
import { pictureOf } from '../../reporters/picture.js';
import { drawPicture } from '../../reporters/picture-svg.js';
import { run, healthy as sample, wrongAddress } from '../samples.js';
import { courses, four, healthy, hostile, many, recorded, vantages } from './html-runs.js';

t.test('what is put into a template is text', async (t) => {
  const evil = `<img src=x onerror="alert('1')">&\u001b[2J\u202e`;
  t.equal(
    `${html`<p title="${evil}">`}`,
    '<p title="&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp; [2J ">',
  );
  t.equal(`${html`${['a', html`<b>${'<'}</b>`, undefined, false, 3]}`}`, 'a<b>&lt;</b>3');
  // What a run document holds may have any shape, that of our own markup too.
  t.equal(`${html`${JSON.parse('{"text":"<b>","markup":"<b>"}')}`}`, '');
  t.equal(`${prose('Set `a: <b>` now')}`, 'Set <code>a: &lt;b&gt;</code> now');
  t.equal(`${prose('an odd ` one')}`, 'an odd ` one');
});

t.test('no text of a run becomes markup, whatever it is', async (t) => {
  const attacks = [
    '</script><script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '"><svg onload=alert(1)>',
    "' onclick='x",
  ];
  for (const one of attacks) {
    const page = pageOf([hostile(four, one)]);
    t.notOk(page.includes(one), one);
    t.equal(page.match(/<script/g)?.length, 2, 'our two scripts');
  }
  const fine = 'data:image/jpeg;base64,/9j/';
  const snapshot = JSON.parse(JSON.stringify(healthy).replaceAll(fine, 'https://tracker.example/x.jpg?'));
  t.notMatch(pageOf([snapshot]), '<img', 'a picture is in the page, or it is none');
});

t.test('the policy allows what the page has, and no more', async (t) => {
  const page = pageOf([healthy]);
  t.match(
    page,
    /default-src &#39;none&#39;; style-src &#39;sha256-[\w+/=]+&#39;; script-src &#39;sha256-[\w+/=]+&#39;; img-src data:;/,
  );
  t.notMatch(page, /\sstyle="/);
  t.notMatch(page, /\son\w+="/);
  t.notMatch(page, /(src|href)="(?!data:image\/jpeg|#)/);
});

t.test('problems first, one line for each environment, healthy ones folded', async (t) => {
  const page = pageOf([four]);
  const order = ['staging', 'branch', 'canary', 'production'];
  const places = order.map((name) => page.indexOf(`<h2>${name}</h2>`));
  t.notOk(places.includes(-1));
  t.same(
    places,
    [...places].sort((a, b) => a - b),
  );
  const open = [...page.matchAll(/<details class="environment" id="\w+"( open)?/g)].map(
    ([, isOpen]) => isOpen !== undefined,
  );
  t.same(open, [true, true, true, false]);
  t.match(page, '<h1>1 of 4 environments fails</h1>');
  t.match(
    page,
    /Since the last good run \(2 days ago\)[\s\S]*advertised media address 203\.0\.113\.20 → 203\.0\.113\.77/,
  );
});

t.test('one environment: verdict and cause at the top', async (t) => {
  const page = pageOf([run(wrongAddress)]);
  t.match(page, /<h1>production fails<\/h1><p class="lead">Media is advertised at 10\.0\.0\.5, where nothing answers/);
  t.match(page, '<code>livekit-doctor explain media-address-wrong</code>');
  t.match(pageOf([run(sample)]), /<h1>staging passes<\/h1><p class="lead">Every required path is proven: udp, tcp\./);
});

t.test('several vantages stand side by side', async (t) => {
  const page = pageOf(vantages);
  t.match(page, '<h1>1 of 3 vantages fails</h1>');
  t.match(
    page,
    /cloud-kubernetes, side by side.*office.*train.*home.*<th scope="row">udp<\/th><td class="bad">✗ failed/s,
  );
});

t.test('the picture says what it shows, and breaks where it is broken', async (t) => {
  const { vantage, environments } = recorded('media-address-wrong');
  const [environment] = environments;
  if (!environment) return;
  const picture = pictureOf(environment, vantage);
  t.equal(
    picture.words,
    'signalling works; udp fails to Media; tcp fails to Media; turn-udp is not known to TURN; turn-tls fails behind TURN',
  );
  t.same(
    picture.gates.map(({ title, ways }) => [title, ...ways.map(({ name, near, far }) => [name, near.tone, far.tone])]),
    [
      ['Ingress', ['signalling', 'good', 'good']],
      ['Media', ['udp', 'bad', undefined], ['tcp', 'bad', undefined]],
      ['TURN', ['turn-udp', 'unsure', undefined], ['turn-tls', 'good', 'bad']],
    ],
  );
  for (const layout of ['wide', 'tall'] as const)
    t.match(`${drawPicture(picture, layout, 'x')}`, /^<svg [^>]*aria-label="x: signalling works/);
});

t.test('what was measured for long is plotted over time', async (t) => {
  t.notMatch(pageOf([healthy]), 'class="plots"', 'half a second has no course');
  const atMs = Array.from({ length: 20 }, (_, i) => i * 500);
  const series = { atMs, kbits: atMs.map((ms) => ms / 25), lost: atMs.map(() => -1), frames: atMs, jitterMs: atMs };
  const text = JSON.stringify(healthy).replaceAll('"measured":{', `"measured":{"series":${JSON.stringify(series)},`);
  const page = pageOf([JSON.parse(text)]);
  t.match(page, /kbit\/s<\/span><span>up to 380<.*aria-label="kbit\/s over 9\.5 s, up to 380"/s);
  // From the lower left corner to the upper right one; what is below nothing is nothing.
  t.match(page, '<path class="end0" d="M0 29L');
  t.match(page, /L100 1"\/><path class="end1"/);
  t.match(page, /lost packets<\/span><span>up to 0<.*d="M0 29L5\.3 29L/s);
  t.notMatch(page, 'round trip, ms', 'of an older version');
  const withTrips = text.replaceAll('"jitterMs":[', '"rttAtMs":[1900,7600],"rttMs":[20,40],"jitterMs":[');
  t.match(
    pageOf([JSON.parse(withTrips)]),
    /aria-label="round trip, ms over 9\.5 s, up to 40"><path class="end0" d="M20 15L80 1"\/>/,
  );
});

t.test('the course over the kept runs: since when, each verdict, what was measured', async (t) => {
  const staging = pageOf([courses]);
  t.match(
    staging,
    /<h3>Over time<\/h3>.*Fails with <code>media-address-wrong<\/code> since <strong>2026-11-20 02:00 UTC<\/strong>, the last 2 runs of 40\./s,
  );
  t.match(
    staging,
    'aria-label="Verdicts of 40 runs from 2026-10-13 02:00 UTC to 2026-11-21 02:00 UTC: 5 failed, 1 inconclusive, 34 passed"',
  );
  // By their heights they can be told without colours.
  t.match(staging, /<path class="bad" d="M12 0h\.76v10h-\.76z/);
  t.match(staging, /<path class="unsure" d="M25 4h\.76v6h-\.76z"/);
  t.match(staging, /<path class="good" d="M0 7h\.76v3h-\.76zM1 7/);
  t.match(staging, '✗</b> <span>failed with <code>udp-filtered</code> from 2026-10-25 02:00 UTC on, 3 runs</span>');
  // UDP was not reached then: the line is broken.
  t.match(
    staging,
    /aria-label="round trip, udp over 40 runs: not now, up to 24 ms"><path class="end0" d="(M[^M"]+){3}"/,
  );

  const trend = courses.environments[0]?.trend?.filter(({ verdict }) => verdict === 'pass') ?? [];
  const calm = pageOf([run({ ...sample, trend })]);
  t.match(calm, 'Passes in all 34 runs that are kept, since 2026-10-13 02:00 UTC.');
  t.notMatch(calm, 'class="streaks"');
  t.notMatch(pageOf([healthy]), 'Over time', 'where no runs are kept');
});

t.test('facts of another shape cost their part and not the report', async (t) => {
  const odd = four.environments.map((one) => ({
    ...one,
    observations: one.observations.map((seen) => ({
      ...seen,
      facts: { chain: 'no', destinations: 5, caller: 'x', address: {} },
    })),
  }));
  t.match(pageOf([{ ...four, environments: odd as never }]), 'media-address-wrong');
  t.match(pageOf([{ ...four, environments: [] }]), 'There is nothing in this run');
});

t.test('20 environments with their pictures and courses are under 1.5 MB, and 50 can be read', async (t) => {
  const forty = courses.environments[0]?.trend ?? [];
  const trend = [...forty, ...forty, ...forty].slice(0, 100);
  const twenty = many(20);
  const bytes = Buffer.byteLength(
    pageOf([{ ...twenty, environments: twenty.environments.map((one) => ({ ...one, trend })) }]),
  );
  t.comment(`20 environments: ${Math.round(bytes / 1024)} KB`);
  t.ok(bytes < 1_500_000);
  const page = pageOf([many(50)]);
  t.equal(page.match(/<details class="environment"[^>]* open/g)?.length, 5, 'the worst are open');
  t.match(page, 'type="search"');
});
