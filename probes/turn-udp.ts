/** `turn-udp`: TURN over UDP, each URL of the join response. */
import { turnProbe } from './turn.js';

export const turnUdp = turnProbe('udp');
