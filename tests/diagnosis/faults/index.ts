import { addressFaults } from './addresses.js';
import { certificateFaults } from './certificates.js';
import { claimFaults } from './claims.js';
import type { Fault } from './fault.js';
import { flowFaults } from './flow.js';
import { kubernetesFaults } from './kubernetes.js';
import { mediaFaults } from './media.js';
import { nameFaults } from './names.js';
import { natFaults } from './nat.js';
import { participantFaults } from './participants.js';
import { portFaults } from './ports.js';
import { qualityFaults } from './quality.js';
import { signallingFaults } from './signalling.js';
import { tokenFaults } from './tokens.js';
import { turnFaults } from './turn.js';
import { turnRefusedFaults } from './turn-refused.js';
import { turnTlsFaults } from './turn-tls.js';
import { vantageFaults } from './vantage.js';

export type { Fault };
export const faults: readonly Fault[] = [
  ...nameFaults,
  ...addressFaults,
  ...certificateFaults,
  ...signallingFaults,
  ...tokenFaults,
  ...mediaFaults,
  ...portFaults,
  ...natFaults,
  ...flowFaults,
  ...turnFaults,
  ...turnTlsFaults,
  ...turnRefusedFaults,
  ...participantFaults,
  ...qualityFaults,
  ...claimFaults,
  ...vantageFaults,
  ...kubernetesFaults,
];
