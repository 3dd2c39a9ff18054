/** The documentation says what is so: its outputs are the program's, and its links lead somewhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { pages, renew } from './examples.js';

const root = new URL('../', import.meta.url);

t.test('the outputs in the documentation are those of recorded runs', async (t) => {
  for (const page of pages) {
    const { before, after } = renew(page);
    t.match(before, /<!-- (run|init|merge): /, `${page} has examples`);
    t.equal(before, after, `${page}: else npm run examples`);
  }
});

t.test('links lead somewhere', async (t) => {
  const folders = ['', 'docs/', 'docs/faults/', 'docs/reliability/', 'bench/'];
  const files = folders.flatMap((folder) =>
    readdirSync(new URL(folder, root))
      .filter((name) => name.endsWith('.md'))
      .map((name) => folder + name),
  );
  t.ok(files.length > 50);
  for (const file of files) {
    const at = new URL(file, root);
    const text = readFileSync(at, 'utf8');
    for (const [, link = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? at : new URL(path, at);
      if (!t.ok(existsSync(target), `${file} links to ${link}`) || !anchor) continue;
      const headings = [...readFileSync(target, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replace(/[^\w\s-]/g, '')
          .replaceAll(' ', '-'),
      );
      t.ok(headings.includes(anchor), `${file} links to the heading ${link}`);
    }
  }
});
