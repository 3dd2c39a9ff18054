/** `turn-tcp`: TURN over plain TCP, each URL of the join response. */
import { turnProbe } from './turn.js';

export const turnTcp = turnProbe('tcp');
