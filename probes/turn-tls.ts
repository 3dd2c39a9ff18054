/** `turn-tls`: TURN over TLS, each URL of the join response. */
import { turnProbe } from './turn.js';

export const turnTls = turnProbe('tls');
