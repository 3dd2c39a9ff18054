/** A world for probes to look at, made of literals. */
import type { Environment } from '../../environment/environment.js';
import type { CandidateFacts } from '../../evidence/facts.js';
import type { Claims, Observation } from '../../evidence/run.js';
import { allPaths } from '../../evidence/run.js';
import type { iceUdp } from '../../probes/ice-udp.js';
import type { Known } from '../../probes/probe.js';
import type { IceServer, IceSession, Shared } from '../../probes/shared.js';
import type { turnUdp } from '../../probes/turn-udp.js';

export type AnyProbe = typeof iceUdp | typeof turnUdp;

export const secret = 'a-turn-credential-that-nobody-may-see';
export const session: IceSession = {
  username: 'theirs:ours',
  password: 'the-password-of-the-server',
  localPassword: 'the-password-of-the-doctor',
  candidates: [],
  complete: true,
};
export const candidate = (
  protocol: 'udp' | 'tcp',
  address: string,
  port: number,
  tcpType?: string,
): CandidateFacts => ({
  protocol,
  address,
  port,
  type: 'host',
  priority: 1,
  ...(tcpType && { tcpType }),
});
export const iceServer = (url: string): IceServer => ({ url, username: 'doctor', credential: secret });

export interface World {
  url?: string;
  claims?: Claims;
  ca?: string;
  shared?: Partial<Shared>;
  /** Name to addresses. */
  names?: Record<string, string[]>;
  seen?: Partial<Observation>[];
}

export function knowing({
  url = 'wss://127.0.0.1',
  claims = {},
  ca,
  shared = {},
  names = {},
  seen = [],
}: World): Known {
  const named = Object.entries(names).map(([name, addresses]) => ({
    id: `dns:${name}`,
    probe: 'dns',
    facts: { addresses },
  }));
  const environment: Environment = { name: 'x', url: new URL(url), auth: { token: 'x' }, claims, ...(ca && { ca }) };
  const observations = [...named, ...seen].map((one): Observation => {
    const base = { id: '', probe: '', state: 'ok' as const, startMs: 0, endMs: 1, facts: {} };
    return { ...base, ...one };
  });
  return {
    environment,
    asked: { depth: 'wire', paths: allPaths },
    observations: new Map(observations.map((one) => [one.id, one])),
    shared,
  };
}
