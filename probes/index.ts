/** Every probe, one line each. What a probe waits for decides when it runs, not its place here. */
import { address } from './address.js';
import { agent } from './agent.js';
import { browser } from './browser.js';
import { call } from './call.js';
import { dns } from './dns.js';
import { iceTcp } from './ice-tcp.js';
import { iceUdp } from './ice-udp.js';
import { idle } from './idle.js';
import { kubernetes } from './kubernetes.js';
import { media } from './media.js';
import { nat } from './nat.js';
import { natBinding } from './nat-binding.js';
import { peer } from './peer.js';
import type { Probe } from './probe.js';
import { signal } from './signal.js';
import { tls } from './tls.js';
import { token } from './token.js';
import { turnTcp } from './turn-tcp.js';
import { turnTls } from './turn-tls.js';
import { turnUdp } from './turn-udp.js';
import { vantage } from './vantage.js';

export const probes: readonly Probe[] = [
  vantage,
  kubernetes,
  dns,
  address,
  tls,
  signal,
  token,
  idle,
  nat,
  natBinding,
  iceUdp,
  iceTcp,
  turnUdp,
  turnTcp,
  turnTls,
  peer,
  browser,
  media,
  call,
  agent,
];
