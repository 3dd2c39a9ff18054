/** The picture of the paths as a Mermaid flowchart (mermaid.js.org), which GitHub, GitLab and wikis draw. */
import { allPaths, type EnvironmentRun, layers, type Path, type PathResult, type Run } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import type { ReporterFactory } from './reporter.js';

export const mermaid: ReporterFactory = ({ out }) => ({ onEnd: (run) => out.write(renderMermaid(run)) });

export function renderMermaid({ environments, vantage }: Run): string {
  const nat =
    vantage.natMapping === 'none' ? '' : `<br/>${label(vantage.mapped.udp ?? '')} ${label(vantage.natMapping)}`;
  const lines = environments.flatMap((environment, i) => [
    `  subgraph e${i}["${label(environment.name)}: ${environment.verdict}"]`,
    `    e${i}sfu(["SFU"])`,
    ...(hasTurn(environment) ? [`    e${i}turn["TURN"]`] : []),
    '  end',
    ...edges(environment, `e${i}`),
  ]);
  const classes = ['  classDef default stroke-width:1px'];
  return `${['flowchart LR', `  here["${label(vantage.name)}${nat}"]`, ...lines, ...classes].join('\n')}\n`;
}

const hasTurn = ({ paths }: EnvironmentRun): boolean => Object.keys(paths).some((path) => path.startsWith('turn-'));

function edges({ paths }: EnvironmentRun, id: string): string[] {
  return allPaths.flatMap((path) => {
    const result = paths[path];
    if (!result) return [];
    const to = path.startsWith('turn-') ? `${id}turn` : `${id}sfu`;
    return [`  here ${arrow(result)}|"${path} ${said(result)}"| ${to}`, ...beyond(path, result, id)];
  });
}

/** From the relay on. */
function beyond(path: Path, result: PathResult, id: string): string[] {
  return path.startsWith('turn-') ? [`  ${id}turn ${arrow(result)}|"${path}"| ${id}sfu`] : [];
}

const states = (result: PathResult) => layers.flatMap((layer) => result[layer] ?? []);

/** Thick: proven. Crossed: it failed. Dotted: nobody knows. */
function arrow(result: PathResult): string {
  const found = states(result);
  if (found.includes('failed')) return '--x';
  return found.length > 0 && found.every((state) => state === 'ok') ? '==>' : '-.->';
}

function said(result: PathResult): string {
  const proven = layers.filter((layer) => result[layer] === 'ok');
  const failed = layers.filter((layer) => result[layer] === 'failed');
  return [proven.length > 0 ? `✓ ${proven.join(', ')}` : '', failed.length > 0 ? `✗ ${failed.join(', ')}` : '']
    .filter(Boolean)
    .join(' ');
}

/** Mermaid has entities of its own, and takes some HTML. */
const label = (text: string): string =>
  printable(text, 80).replace(/["<>#&;`\\|[\]{}()]/g, (mark) => `#${mark.charCodeAt(0)};`);
