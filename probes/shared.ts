/** Live things that one probe makes and others use. They hold secrets and sockets, so they never enter the run. */
import type { TLSSocket } from 'node:tls';
import type { MediaBrowser } from '../browser/driver.js';
import type { Launched } from '../browser/host-protocol.js';
import type { CandidateFacts, TlsFacts, TokenFacts } from '../evidence/facts.js';
import type { PeerProcess } from './peer-process.js';

/** The server's side of an ICE session (RFC 8445) that was opened through signalling and is held open for checks. */
export interface IceSession {
  /** USERNAME of checks that we send: `serverUfrag:ourUfrag` (RFC 8445 §7.2.2). */
  readonly username: string;
  /** MESSAGE-INTEGRITY key of checks that we send: the server's password. */
  readonly password: string;
  /** What the server checks us with, so that its own checks can be answered. */
  readonly localPassword: string;
  /** Grows while the server trickles. */
  readonly candidates: readonly CandidateFacts[];
  /** The server said that there are no more, or it was quiet for long enough. */
  readonly complete: boolean;
  /** The server is ICE lite (RFC 8445 §2.5), so that we are the controlling side; absent: not known. */
  readonly lite?: boolean;
  /**
   * Without our SDP answer the server knows no password of ours, and is silent to every check. `heardMs`, of the run's
   * clock: it is known to have come; absent: not yet. All absent: nobody asks.
   */
  readonly ourAnswer?: { readonly heardMs?: number };
  /** The server has ended the session, and answers no check any more. */
  readonly over?: boolean;
}

/** An entry of the join response's ICE servers, one per URL. */
export interface IceServer {
  readonly url: string;
  readonly username: string;
  readonly credential: string;
}

/** A connection to the TURN host, made before its port was known. */
export interface EarlyTls {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  /** Undefined where it was not verified. */
  readonly shaken: Promise<EarlyHandshake | undefined>;
}

export interface EarlyHandshake {
  readonly secure: TLSSocket;
  readonly facts: Partial<TlsFacts>;
}

export interface Shared {
  /** A verified connection to the signalling host that nothing was said on, for whoever comes first. */
  signalTls: Promise<TLSSocket | undefined>;
  /** The first token that was not minted here; holds no secret. */
  foreignToken: TokenFacts;
  earlyTls: EarlyTls;
  iceSession: IceSession;
  iceServers: readonly IceServer[];
  /**
   * Ids of checks that have had no answer for longer than a healthy one takes. They still go on; meanwhile the other
   * addresses at which the media could be are asked too.
   */
  silentChecks: ReadonlySet<string>;
  /** The process in which the participants of the probe `peer` live. */
  peerProcess: PeerProcess;
  /** Two participants' pages in a browser, for the probe `media`. */
  browser: MediaBrowser;
  /** Beside it there is a page in each of these, for callers. */
  firefox: Launched;
  webkit: Launched;
}
