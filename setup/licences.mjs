/**
 * `npm run licences`: writes docs/dependencies.md, what a user of the package installs with it: the locked packages that
 * are not for development, their licences from their own package.json, and why we have those that we ask for ourselves.
 */
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, say } from './process.mjs';

const page = 'docs/dependencies.md';
const json = (path) => JSON.parse(readFileSync(root(path), 'utf8'));
const { licences: allowed, why } = json('setup/dependencies.json');

/** Each installed or, where it is for another platform, locked package: its place, name, version and licence. */
function productionPackages() {
  return Object.entries(json('package-lock.json').packages)
    .filter(([place, { dev }]) => place !== '' && !dev)
    .map(([place, locked]) => {
      const manifest = `${place}/package.json`;
      const { license, licenses } = existsSync(root(manifest)) ? json(manifest) : locked;
      const licence = license?.type ?? license ?? licenses?.map(({ type }) => type).join(' OR ') ?? 'unknown';
      return { place, name: place.split('node_modules/').pop(), version: locked.version, licence };
    });
}

/** `(Apache-2.0 AND BSD-3-Clause)`: all of them must be allowed; of `OR` one is enough. */
export function isAllowed(licence) {
  const alternatives = licence.replace(/^\((.*)\)$/, '$1').split(' OR ');
  return alternatives.some((one) => one.split(' AND ').every((name) => allowed.includes(name)));
}

/** What must not be: licences that nobody has agreed to, packages of ours without a reason, reasons without a package. */
export function faults() {
  const ours = Object.keys(json('package.json').dependencies);
  return [
    ...productionPackages()
      .filter(({ licence }) => !isAllowed(licence))
      .map(({ name, licence }) => `${name} is under ${licence}, which setup/dependencies.json does not allow`),
    ...ours.filter((name) => !why[name]).map((name) => `setup/dependencies.json does not say why we have ${name}`),
    ...Object.keys(why)
      .filter((name) => !ours.includes(name))
      .map((name) => `setup/dependencies.json gives a reason for ${name}, which is no dependency`),
  ];
}

/** Of its files, without the packages inside. */
function bytesOf(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .reduce((sum, entry) => {
      const path = join(folder, entry.name);
      return sum + (entry.isDirectory() ? bytesOf(path) : lstatSync(path).size);
    }, 0);
}

/** In steps that a file more or less does not change. */
function sizeOf(place) {
  const megabytes = bytesOf(root(place)) / 1e6;
  return megabytes < 1 ? '< 1 MB' : `${Math.round(megabytes)} MB`;
}

export function dependenciesPage() {
  const packages = productionPackages();
  const ranges = json('package.json').dependencies;
  const rows = Object.keys(ranges)
    .sort()
    .map((name) => {
      const { place, version, licence } = packages.find((one) => one.place === `node_modules/${name}`);
      return `| ${name} | ${ranges[name]} | ${version} | ${licence} | ${sizeOf(place)} | ${why[name]} |`;
    });
  const others = packages.filter(({ place, name }) => !(name in ranges && place === `node_modules/${name}`));
  const named = Map.groupBy
    ? Map.groupBy(others, ({ licence }) => licence)
    : others.reduce((map, one) => map.set(one.licence, [...(map.get(one.licence) ?? []), one]), new Map());
  const lists = [...named]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([licence, list]) => {
      const names = [...new Set(list.map(({ name, version }) => `${name} ${version}`))].sort();
      return `- **${licence}**: ${names.join(', ')}`;
    });
  return `# Dependencies

What is installed with livekit-doctor. Made by \`npm run licences\` from \`package-lock.json\`, the packages themselves and \`setup/dependencies.json\`, which says which licences are agreed to and why we have each; a test holds it to them.

## Those that we ask for

| package | range | locked | licence | size | for |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

## Those that they bring

${packages.length} packages in all. A platform installs one of the \`@roamhq/wrtc-*\`.

${lists.join('\n')}

## As a bill of materials

In a checkout, of the lock file, with npm 10.2 or later (Node 20.3 comes with an older one):

\`\`\`sh
npm run --silent sbom > livekit-doctor.cdx.json
\`\`\`

It is \`npm sbom\` of what is not for development: \`npm sbom --omit dev\` also leaves out what both need (seen with npm 11.19). In a project of yours in which livekit-doctor is installed, \`npm sbom --sbom-format cyclonedx\` describes what is there; in the container image any scanner of images does.
`;
}

if (process.argv[1] && realpathSync(process.argv[1]) === root('setup/licences.mjs')) {
  const wrong = faults();
  for (const one of wrong) say(`livekit-doctor: ${one}\n`);
  if (wrong.length > 0) process.exit(1);
  writeFileSync(root(page), dependenciesPage());
}
