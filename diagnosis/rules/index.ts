/**
 * Every rule, one line each, causes before what they explain: this order ranks the findings of equal severity, and a
 * test holds that it is the order of the explanations.
 */
import type { AnyRule } from '../rule.js';
import { browserMissing } from './browser-missing.js';
import { dnsNameMissing, dnsNoAddress, dnsServerFailure, turnNameMissing } from './dns-missing.js';
import { dnsResolverUnreachable } from './dns-resolver-unreachable.js';
import { dnsWrongAddress } from './dns-wrong-address.js';
import { ingressBackendDown, ingressWrongBackend } from './ingress.js';
import { mediaAddressDrift, mediaAddressPrivate, mediaAddressSilent, mediaAddressWrong } from './media-address.js';
import { signalPortFiltered, signalPortRefused } from './signal-port.js';
import { tcpPortFiltered, tcpPortProxied, tcpPortRefused } from './tcp.js';
import {
  tlsCertificateExpired,
  tlsDefaultCertificate,
  tlsNameMismatch,
  tlsUntrustedIssuer,
} from './tls-certificate.js';
import { tokenGrantMissing, tokenKeyUnknown, tokenSecretWrong, tokenTimeInvalid } from './token.js';
import {
  turnNotOffered,
  turnPortNotTurn,
  turnTcpUnreachable,
  turnTlsUnreachable,
  turnUdpUnreachable,
} from './turn-reach.js';
import { turnCredentialsRejected, turnPeerDenied, turnQuotaExceeded, turnRelayRangeBlocked } from './turn-relay.js';
import { tcpNotOffered, udpBlockedAtVantage, udpFiltered, udpNotOffered, udpPortClosed } from './udp.js';
import { unexplainedFailure } from './unexplained-failure.js';
import { vantageOffline } from './vantage-offline.js';

export const rules: readonly AnyRule[] = [
  vantageOffline,
  dnsResolverUnreachable,
  dnsNameMissing,
  dnsNoAddress,
  dnsServerFailure,
  turnNameMissing,
  dnsWrongAddress,
  signalPortRefused,
  signalPortFiltered,
  tlsDefaultCertificate,
  tlsCertificateExpired,
  tlsUntrustedIssuer,
  tlsNameMismatch,
  ingressBackendDown,
  ingressWrongBackend,
  tokenKeyUnknown,
  tokenSecretWrong,
  tokenTimeInvalid,
  tokenGrantMissing,
  mediaAddressPrivate,
  mediaAddressWrong,
  mediaAddressSilent,
  mediaAddressDrift,
  udpNotOffered,
  tcpNotOffered,
  udpBlockedAtVantage,
  udpFiltered,
  udpPortClosed,
  tcpPortRefused,
  tcpPortFiltered,
  tcpPortProxied,
  turnNotOffered,
  turnPortNotTurn,
  turnTlsUnreachable,
  turnTcpUnreachable,
  turnUdpUnreachable,
  turnCredentialsRejected,
  turnQuotaExceeded,
  turnPeerDenied,
  turnRelayRangeBlocked,
  browserMissing,
  unexplainedFailure,
];
