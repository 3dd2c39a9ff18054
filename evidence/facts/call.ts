/** What becomes of a call that is cut, moved, or used for messages. */
import type { SelectedPair } from './participants.js';

/** How a participant came through an interruption. */
export interface Recovery {
  /** The interruption came about. */
  began: boolean;
  /** The other was seen and heard again, without a pause for a second. */
  recovered: boolean;
  /** From the cause to the recovery. */
  tookMs: number;
  /** Until the client said that it was connected again. */
  reconnectedMs?: number;
  /** The longest time without a fresh picture of the other, and without the other's voice. */
  pictureGapMs: number;
  voiceGapMs: number;
  /** By which way media goes now. */
  selected: SelectedPair[];
  error?: string;
}

export interface DataFacts {
  reliable: { sent: number; received: number; latencyMs?: number };
  lossy: { sent: number; received: number; latencyMs?: number };
}

/** `call:reconnect`, `call:fallback-tcp`, `call:fallback-tls`, `call:outage`, `call:data`. */
export interface CallFacts {
  exercise: string;
  /** By which way media went before. */
  before?: SelectedPair[];
  caller?: Recovery;
  callee?: Recovery;
  /** Messages from the other, by receiver. */
  data?: { caller: DataFacts; callee: DataFacts };
}
