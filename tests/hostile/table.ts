/** What became of every hostile peer, as the page `docs/reliability/hostile.md`. */

import { layers } from '../../fixtures/hostile/case.js';
import { machineText } from '../../fixtures/machine.js';
import type { Result, Results } from './hostile.js';

const escaped = (text: string): string => text.replaceAll('|', '\\|');

function row({ name, does, came, why, seconds, growthMb, inAllMb, problems }: Result): string {
  const end = problems.length > 0 ? `**wrong**: ${problems[0]}` : came;
  const memory = inAllMb === undefined ? `${growthMb} MB` : `${growthMb} MB (browser and all: ${inAllMb} MB)`;
  const cells = [name, does, why ? `${end}: ${why}` : end, `${seconds.toFixed(1)} s`, memory];
  return `| ${cells.map(escaped).join(' | ')} |`;
}

export function page({ all, strays, honestMb, seconds }: Results): string {
  const wrong = all.filter(({ problems }) => problems.length > 0).length;
  const sections = layers.flatMap((layer) => {
    const own = all.filter((one) => one.layer === layer);
    if (own.length === 0) return [];
    const head = ['the peer', 'what it does', 'what comes out', 'the check took', 'memory more'];
    return ['', `## ${layer}`, '', `| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`, ...own.map(row)];
  });
  return [
    '# Hostile peers',
    '',
    `\`npm run hostile\`, ${new Date().toISOString().slice(0, 10)}, ${machineText()}: ${all.length} peers in ${seconds.toFixed(0)} s, ${wrong} of them survived wrongly, ${strays.length} packets to where nobody sent them.`,
    '',
    `Each is looked at by a real \`livekit-doctor check\` (several are environments of one check, and what goes wrong there is tried alone), in a network where every address is this machine's and every packet's destination is counted. It must end by itself, each observation by its deadline and a tenth, without an exception; with the observation that the table names; within 80 MB of what an honest peer costs (${honestMb} MB), with participants within 200 MB, and 2,000 MB with their browser; without a secret, a terminal escape or the peer's markup in any output; and without a packet to an address that it may not look at: loopback, link-local, metadata, other private networks. Strangers' public addresses get a few packets at most.`,
    ...sections,
    '',
  ].join('\n');
}
