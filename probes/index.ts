/** Every probe, one line each. The order is that of a run without waiting; it decides nothing. */
import { address } from './address.js';
import { dns } from './dns.js';
import { idle } from './idle.js';
import type { Probe } from './probe.js';
import { signal } from './signal.js';
import { tls } from './tls.js';
import { vantage } from './vantage.js';

export const probes: readonly Probe[] = [vantage, dns, address, tls, signal, idle];
