/** Every rule about several vantages, the more telling first. */
import type { VantageRule } from '../rule.js';
import { alternative } from './alternative.js';
import { clock } from './clock.js';
import { hairpin } from './hairpin.js';
import { interception } from './interception.js';
import { repliesDropped } from './replies-dropped.js';
import { silentAddress } from './silent-address.js';
import { splitHorizon } from './split-horizon.js';
import { udpBlocked } from './udp-blocked.js';

export const vantageRules: readonly VantageRule[] = [
  silentAddress,
  udpBlocked,
  repliesDropped,
  hairpin,
  interception,
  clock,
  splitHorizon,
  alternative,
];
