/** What was left by what was killed, as a table, and as the page `bench/kills.md`. */
import { cpus } from 'node:os';
import { livekitVersion } from '../fixtures/embedded/livekit-server.js';
import { duration } from '../reporters/text.js';
import type { Kill, Killed, Subject, Way } from './killing.js';
import { table } from './performance-document.js';
import { spread } from './spread.js';

const names: Record<Subject, string> = {
  wire: '`check --depth wire`',
  peer: '`check --depth peer`',
  media: '`check --depth media`',
  embedded: '`check embedded --depth peer`, its server included',
  serve: '`serve`, all depths',
};

const times = (values: readonly number[]): string => {
  if (values.length === 0) return '';
  const { medianMs, maxMs } = spread(values);
  return `${duration(medianMs)}, at most ${duration(maxMs)}`;
};

function bySubject({ kills, rooms }: Killed): string {
  const rows = (Object.keys(names) as Subject[]).flatMap((subject) =>
    (['SIGKILL', 'SIGTERM', 'SIGINT'] as const).flatMap((way: Way) => {
      const isOne = (one: { subject: Subject; way: Way }): boolean => one.subject === subject && one.way === way;
      const ours = kills.filter(isOne);
      const theirs = rooms.filter(isOne);
      if (ours.length === 0) return [];
      return [
        [
          names[subject],
          way,
          String(ours.length),
          String(ours.filter(({ late }) => late).length),
          times(ours.map(({ endedMs }) => endedMs)),
          times(ours.map(({ goneMs }) => goneMs)),
          String(ours.filter(({ left }) => left.length > 0).length),
          String(ours.reduce((sum, { begun }) => sum + begun, 0)),
          theirs.length === 0 ? '' : `${theirs.length}; ${theirs.filter(({ peopled }) => peopled).length}`,
          times(theirs.map(({ ms }) => ms)),
        ],
      ];
    }),
  );
  const head = [
    'command',
    'signal',
    'times',
    'ended before it',
    'it ended',
    'all that it had started had ended',
    'left something',
    'files only begun',
    'left rooms; with somebody in them 3 s later',
    'rooms gone',
  ];
  return table(head, rows);
}

const said = ({ subject, way, afterMs, left }: Kill): string =>
  `- ${names[subject]}, ${way} after ${duration(afterMs)}: ${left.join('; ')}`;

export function killsSummary(killed: Killed): string {
  const { kills, wrong, seed, kept } = killed;
  const bad = [...kills.filter(({ left }) => left.length > 0).map(said), ...wrong.map((one) => `- ${one}`)];
  return [bySubject(killed), `Seed ${seed}; ${kept} runs in the history at the end.`, ...bad].join('\n\n');
}

export function killsDocument(killed: Killed): string {
  const machine = `${cpus().length} cores, Node ${process.versions.node}, livekit-server ${livekitVersion}`;
  return `# Killed at any instant

\`npm run bench -- kills\`, ${new Date().toISOString().slice(0, 10)}, ${machine}: ${killed.kills.length} times one of these commands is started in a sandbox and sent a signal at a random moment between its start and its usual end (\`serve\`: within ten seconds; there the depths come every 1, 4 and 5 s). SIGINT goes to the whole process group, as from a terminal, the others to the process alone. Then everything that still runs, network namespaces, temporary files, the reports, the history and the rooms on the server are looked at.

${killsSummary(killed)}

"Left something": a process, a namespace or a temporary file that is still there ten seconds later, a report or a kept run that is cut off. A file that was only begun bears a name of its own (\`run.json.1a2b3c4d.tmp\`), is never taken for a report, and is swept by the next run that writes there, once it is a minute old. Rooms close by themselves when nobody is in them: 5 s after the last participant has left, 10 s where nobody ever came. Those who meet live in processes of their own, which leave the rooms when whoever started them was killed. Somebody who was just being let in may be missed only by the server, after 20 s.
`;
}
