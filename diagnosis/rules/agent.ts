/** The agent that the environment names was sent for, and did not come, or did not speak. */
import type { HttpFacts, Seen } from '../../evidence/facts.js';
import type { Evidence } from '../../evidence/run.js';
import { ids, kindOf, look, signalling } from '../look.js';
import { type Args, rule } from '../rule.js';
import { list, quoted } from '../words.js';

interface AgentArgs extends Args {
  name: string;
  /** How long it may take, in seconds. */
  withinS: number;
  /** When it joined after all, in seconds. */
  lateS?: number;
  /** Workers that took the job, and what they said of it; absent: the server does not say. */
  jobs?: number;
  jobErrors?: string[];
}

interface RefusedArgs extends Args {
  name: string;
  answer?: HttpFacts;
  error?: string;
}

type Sent = Seen<'agent'>;

const before = ['vantage-offline', 'vantage-starved'] as const;

function sent(evidence: Evidence, ...kinds: readonly string[]): Sent[] {
  return look(evidence, 'agent').filter((one) => kinds.includes(kindOf(one) ?? ''));
}

function argsOf({ facts: { name, joinWithinMs, joinedMs, jobs } }: Sent): AgentArgs {
  const errors = jobs?.flatMap(({ error }) => error ?? []) ?? [];
  return {
    name,
    withinS: joinWithinMs / 1000,
    ...(joinedMs !== undefined && { lateS: Math.round(joinedMs / 100) / 10 }),
    ...(jobs && { jobs: jobs.length }),
    ...(errors.length > 0 && { jobErrors: errors }),
  };
}

export const agentDispatchRefused = rule<RefusedArgs>({
  code: 'agent-dispatch-refused',
  severity: 'error',
  explainedBy: before,
  find: (evidence) =>
    sent(evidence, 'dispatch-refused', 'no-dispatch').map((one) => ({
      args: {
        name: one.facts.name,
        ...(one.facts.refusal ? { answer: one.facts.refusal } : { error: one.failure?.message ?? '' }),
      },
      evidence: ids(one, signalling(evidence)),
    })),
  prose: ({ name, answer, error }) => ({
    summary: `The agent "${name}" could not be sent for: ${answer ? `the dispatch was answered with ${answer.status}` : `the dispatch had no answer (${error})`}.`,
    cause:
      answer === undefined
        ? 'Signalling works at the same address, so it is the server API (`/twirp/…`) that is not let through, or that does not answer in time.'
        : answer.contentType?.includes('json')
          ? `That is LiveKit's own answer: ${quoted(answer.body, 160)}.`
          : `That is no answer of LiveKit's: a proxy lets signalling (\`/rtc\`) pass and keeps the server API (\`/twirp/…\`) to itself.`,
    fix: 'Let the ingress pass all paths to LiveKit, `/twirp` among them, or run the check from where your backend reaches it; and give the API key of the environment the rights of your backend, which dispatches in the same way.',
  }),
});

export const agentAbsent = rule<AgentArgs>({
  code: 'agent-absent',
  severity: 'error',
  explainedBy: [...before, 'agent-dispatch-refused'],
  find: (evidence) =>
    sent(evidence, 'no-agent', 'late-agent').map((one) => ({
      args: argsOf(one),
      evidence: ids(one, signalling(evidence)),
    })),
  prose: ({ name, withinS, lateS, jobs, jobErrors = [] }) => ({
    summary:
      lateS === undefined
        ? `The agent "${name}" was sent for, and did not join within ${withinS} s.`
        : `The agent "${name}" joined only ${lateS} s after it was sent for, and must within ${withinS} s.`,
    cause:
      lateS !== undefined
        ? 'The server took the dispatch and a worker the job, but it took its time: it starts a process for each job, loads models, or has too little CPU.'
        : jobs === 0
          ? `The server took the dispatch, and no worker took the job: none is registered under the name "${name}" (it does not run, cannot reach the server, or has another \`agent_name\`), or all are full.`
          : jobs === undefined
            ? 'The server took the dispatch, and does not say whether a worker took the job.'
            : `The server took the dispatch, and a worker the job, but the agent never entered the room${jobErrors.length > 0 ? `: ${list(jobErrors.map((error) => quoted(error)))}` : ': its process crashed or does not reach the media of the server'}.`,
    fix:
      lateS !== undefined
        ? 'Keep processes ready (`num_idle_processes` of the worker), give the deployment of the agent more CPU, or claim a longer `agent.joinWithin`.'
        : jobs === 0 || jobs === undefined
          ? `Look at the deployment of the agent: its log says "registered worker" once it is connected with \`LIVEKIT_URL\` and the API key of this server; its \`agent_name\` must be \`${name}\`, as in \`agent.name\` here.`
          : 'Look at the log of the agent for the job: errors of its entrypoint, memory limits, and whether its pod reaches the media address and ports of the server (`livekit-doctor check` from there).',
  }),
});

export const agentSilent = rule<AgentArgs>({
  code: 'agent-silent',
  severity: 'error',
  explainedBy: [...before, 'agent-dispatch-refused'],
  find: (evidence) =>
    sent(evidence, 'silent-agent').map((one) => ({ args: argsOf(one), evidence: ids(one, signalling(evidence)) })),
  prose: ({ name, withinS, lateS }) => ({
    summary: `The agent "${name}" joined${lateS === undefined ? '' : ` after ${lateS} s`}, and published no sound within ${withinS} s.`,
    cause:
      'It is in the room, so its worker, its token and its signalling work; it does not get as far as to publish: its session did not start (a speech service that does not answer, a key of such a service that is missing), or its media does not connect.',
    fix: 'Look at the log of the agent for the job; try the services that it speaks with from its pod; and run `livekit-doctor check` there for the paths of its media. If it is not meant to speak at once, leave `agent.publishes` out.',
  }),
});
