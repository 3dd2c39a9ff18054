/** A merged run shows its vantages side by side, and where each is of another mind. */
import { test } from 'tap';
import { renderRun } from '../../reporters/console.js';
import { pageOf } from '../../reporters/html/page.js';
import { renderMarkdown } from '../../reporters/markdown.js';
import { vantageLines } from '../../reporters/vantages.js';
import { healthy } from '../samples.js';
import { runs } from './runs.js';

const { merged } = runs;
if (!merged?.environments[0]) throw new Error('there is no merged run');
const [environment] = merged.environments;

test('a line for each vantage, with what it alone says', async (t) => {
  const lines = vantageLines(environment);
  t.same(
    lines.map(({ vantage, verdict }) => [vantage, verdict]),
    environment.vantages?.map(({ vantage, verdict }) => [vantage, verdict]),
  );
  const home = lines.find(({ vantage }) => vantage.startsWith('home'));
  t.match(home?.cells[0], { text: /^✗/, tone: 'bad' });
  t.ok(home?.disagrees.includes('tcp') || environment.paths.tcp?.reach !== 'ok');
  t.same(vantageLines(healthy), [], 'none for a run from one place');
});

test('the console fits its columns', async (t) => {
  for (const columns of [40, 60, 80, 100]) {
    const text = renderRun(merged, { columns, colour: false });
    t.match(text, /^vantage.* udp/m, `${columns}`);
    for (const name of ['cloud', 'office']) t.match(text, new RegExp(`^${name} +. `, 'm'));
    const table = text.slice(text.indexOf('\nvantage'), text.indexOf('\n\n', text.indexOf('\nvantage')));
    t.ok(Math.max(...table.split('\n').map((line) => [...line].length)) <= columns, `${columns} columns`);
  }
});

test('markdown and the page show them, and each finding says from where it is seen', async (t) => {
  t.match(renderMarkdown(merged), /\| vantage \| alone \| udp \|/);
  const page = pageOf([merged]);
  t.match(page, /From each vantage/);
  t.match(page, /The ways of media from office/);
  t.notMatch(page, 'home <b>');
  t.match(page, '@office');
});
