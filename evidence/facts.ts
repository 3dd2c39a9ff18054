/**
 * What each probe reports under `facts`: plain values, no opinions, no secrets. An absent field means "not seen".
 * Times are milliseconds, addresses are without brackets, hosts are lower case without a trailing dot.
 */

import type { AgentFacts } from './facts/agent.js';
import type { CallFacts } from './facts/call.js';
import type { IceFacts } from './facts/ice.js';
import type { KubernetesFacts } from './facts/kubernetes.js';
import type { MediaFacts } from './facts/media.js';
import type { AddressFacts, DnsFacts, TlsFacts } from './facts/names.js';
import type { NatBindingFacts, NatFacts } from './facts/nat.js';
import type { BrowserFacts, PeerFacts } from './facts/participants.js';
import type { IdleFacts, SignalFacts, TokenFacts } from './facts/signalling.js';
import type { TurnFacts } from './facts/turn.js';
import type { LoadFacts, VantageFacts } from './facts/vantage.js';
import type { Observation } from './run.js';

export type * from './facts/agent.js';
export type * from './facts/call.js';
export type * from './facts/ice.js';
export type * from './facts/kubernetes.js';
export type * from './facts/media.js';
export type * from './facts/names.js';
export type * from './facts/nat.js';
export type * from './facts/participants.js';
export type * from './facts/signalling.js';
export type * from './facts/turn.js';
export type * from './facts/vantage.js';

export interface FactsByProbe {
  vantage: VantageFacts;
  dns: DnsFacts;
  tls: TlsFacts;
  address: AddressFacts;
  signal: SignalFacts;
  token: TokenFacts;
  idle: IdleFacts;
  load: LoadFacts;
  nat: NatFacts;
  'nat-binding': NatBindingFacts;
  'ice-udp': IceFacts;
  'ice-tcp': IceFacts;
  'turn-udp': TurnFacts;
  'turn-tcp': TurnFacts;
  'turn-tls': TurnFacts;
  peer: PeerFacts;
  browser: BrowserFacts;
  media: MediaFacts;
  call: CallFacts;
  agent: AgentFacts;
  kubernetes: KubernetesFacts;
}

/** An observation that looked and saw (`ok` or `failed`): its facts have the shape that its probe promises. */
export type Seen<P extends keyof FactsByProbe> = Omit<Observation, 'facts' | 'state'> & {
  probe: P;
  state: 'ok' | 'failed';
  facts: FactsByProbe[P];
};

/** The observations of one probe that looked and saw, in the order in which they were made. */
export function seen<P extends keyof FactsByProbe>(observations: Iterable<Observation>, probe: P): Seen<P>[] {
  const found: Seen<P>[] = [];
  for (const observation of observations) {
    if (observation.probe === probe && (observation.state === 'ok' || observation.state === 'failed')) {
      found.push(observation as unknown as Seen<P>);
    }
  }
  return found;
}
