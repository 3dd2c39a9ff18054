/** The ways of media as a Mermaid flowchart (mermaid.js.org), which GitHub, GitLab and wikis draw. */
import type { EnvironmentRun, Run, Vantage } from '../evidence/run.js';
import { printable } from '../evidence/text.js';
import type { Tone } from './path-proofs.js';
import { type Box, type Link, pictureOf, type Way } from './picture.js';
import type { ReporterFactory } from './reporter.js';

export const mermaid: ReporterFactory = ({ out }) => ({ onEnd: (run) => out.write(renderMermaid(run)) });

export function renderMermaid({ environments, vantage }: Run): string {
  const lines = environments.flatMap((environment, i) => linesOf(environment, vantage, `e${i}`));
  return `${['flowchart LR', ...lines].join('\n')}\n`;
}

function linesOf(environment: EnvironmentRun, from: Vantage, id: string): string[] {
  const { vantage, nat, gates, sfu } = pictureOf(environment, from);
  return [
    `  subgraph ${id}["${label(environment.name)}: ${environment.verdict}"]`,
    `    ${id}here["${boxLabel(vantage)}"]`,
    `    ${id}nat["${boxLabel(nat)}"]`,
    ...gates.map((gate, i) => `    ${id}gate${i}["${boxLabel(gate)}"]`),
    `    ${id}sfu(["${boxLabel(sfu)}"])`,
    `    ${id}here --- ${id}nat`,
    ...gates.flatMap(({ ways }, i) =>
      ways.flatMap((way) => [
        `    ${id}nat ${arrow(way.near)}|"${wayLabel(way)}"| ${id}gate${i}`,
        `    ${id}gate${i} ${arrow(way.far)}|"${way.name}${mark(way.far)}"| ${id}sfu`,
      ]),
    ),
    '  end',
  ];
}

/** Thick: as it should be. Crossed: not. Dotted: nobody knows. */
function arrow({ tone }: Link): string {
  return tone === 'good' ? '==>' : tone === 'bad' ? '--x' : '-.->';
}

const marks: Record<Tone, string> = { good: ' ✓', bad: ' ✗', unsure: ' ?' };
const mark = ({ tone }: Link): string => (tone ? marks[tone] : '');

function wayLabel({ name, near, note }: Way): string {
  const said = [near.text, note].filter(Boolean).join(', ');
  return label(`${name}${mark(near)}${said && ` ${said}`}`);
}

const boxLabel = ({ title, lines }: Box): string => [title, ...lines].map(label).join('<br/>');

/** Mermaid has entities of its own, and takes some HTML. */
const label = (text: string): string =>
  printable(text, 80).replace(/["<>#&;`\\|[\]{}()]/g, (mark) => `#${mark.charCodeAt(0)};`);
