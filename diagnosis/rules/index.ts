/**
 * Every rule, one line each, causes before what they explain: this order ranks the findings of equal severity, and a
 * test holds that it is the order of the explanations.
 */
import type { AnyRule } from '../rule.js';
import { agentAbsent, agentDispatchRefused, agentSilent } from './agent.js';
import { browserMissing } from './browser-missing.js';
import { fallbackFailed, reconnectFailed } from './call.js';
import { dnsDnssecInvalid, dnsNameMissing, dnsNoAddress, dnsServerFailure, turnNameMissing } from './dns-missing.js';
import { dnsResolversDisagree, dnsResolverUnreachable, dnsUdpBlocked } from './dns-resolvers.js';
import { dnsAddressDrift, dnsWrongAddress } from './dns-wrong-address.js';
import { dtlsFiltered } from './dtls-filtered.js';
import { firefoxFails, turnMappedAddressLoopback } from './firefox.js';
import { forbiddenPathOpen } from './forbidden-path-open.js';
import { hairpinMissing } from './hairpin-missing.js';
import {
  ingressBackendDown,
  ingressIdleTimeout,
  ingressRedirects,
  ingressSwallowsFrames,
  ingressUpgradeMissing,
  ingressWrongBackend,
} from './ingress.js';
import {
  kubernetesApiKeyDiffers,
  kubernetesCertificateNotReady,
  kubernetesClaimDiffers,
  kubernetesDnsStale,
  kubernetesKeysNotLoaded,
  kubernetesNoEndpoints,
  kubernetesUnreadable,
} from './kubernetes.js';
import {
  kubernetesConfigNotLoaded,
  kubernetesNodeIpStale,
  kubernetesServicePending,
  kubernetesTcpPortMismatch,
  kubernetesTrafficPolicy,
  kubernetesUdpPortMismatch,
} from './kubernetes-media.js';
import { loadBalancerSplitsNodes } from './load-balancer-splits-nodes.js';
import { mediaAddressDrift, mediaAddressPrivate, mediaAddressSilent, mediaAddressWrong } from './media-address.js';
import { codecDisabled, mediaDownlinkLost, mediaUplinkLost, rtcpLost } from './media-flow.js';
import { mediaPortDrift } from './media-port-drift.js';
import { mediaReplyAddressWrong } from './media-reply-address-wrong.js';
import { natBindingShort, natEndpointDependent } from './nat.js';
import { tcpNotOffered, udpNotOffered } from './not-offered.js';
import {
  qualityBandwidth,
  qualityConnectTime,
  qualityFirstFrame,
  qualityFreezes,
  qualityJitter,
  qualityLatency,
  qualityLoss,
} from './quality.js';
import {
  publishDenied,
  roomMissing,
  serverBusFailure,
  serverLimitReached,
  serverNotReady,
  subscribeDenied,
} from './server.js';
import { serverRegionUnexpected, serverVersionUnexpected } from './server-unexpected.js';
import { dnsPrivateAddress, ipv6Unreachable, signalAddressDead } from './signal-address.js';
import { signalPortFiltered, signalPortRefused } from './signal-port.js';
import { tcpPortFiltered, tcpPortProxied, tcpPortRefused } from './tcp.js';
import {
  tlsChainIncomplete,
  tlsDefaultCertificate,
  tlsIntercepted,
  tlsNameMismatch,
  tlsUntrustedIssuer,
} from './tls-certificate.js';
import {
  tlsCertificateExpired,
  tlsCertificateExpiring,
  tlsCertificateNotYetValid,
  vantageClockSkew,
} from './tls-dates.js';
import { pathMtuBlackhole, tlsHandshakeStalled, tlsPlaintextPort, tlsVersionUnsupported } from './tls-port.js';
import { tokenGrantMissing, tokenKeyUnknown, tokenSecretWrong, tokenTimeInvalid } from './token.js';
import { tokenEndpointFailed, tokenEndpointSlow, tokenServerMismatch } from './token-endpoint.js';
import { tokenGrantsTooWide, tokenLifetimeTooLong, tokenRoomIgnored } from './token-grants.js';
import { turnHostDrift, turnHostWrong } from './turn-host.js';
import {
  turnNotOffered,
  turnPortNotTurn,
  turnTcpUnreachable,
  turnTlsUnreachable,
  turnUdpUnreachable,
} from './turn-reach.js';
import {
  turnCredentialsExpired,
  turnCredentialsRejected,
  turnQuotaExceeded,
  turnRequestRefused,
} from './turn-refused.js';
import { turnPeerDenied, turnRelayAddressWrong, turnRelayRangeBlocked } from './turn-relay.js';
import { turnExternalTlsMismatch, turnTlsPortMismatch } from './turn-tls.js';
import { udpFiltered, udpPortClosed } from './udp.js';
import { udpBlockedAtVantage } from './udp-blocked.js';
import { udpMtuBlackhole } from './udp-mtu-blackhole.js';
import { udpPortRemapped } from './udp-port-remapped.js';
import { unexplainedFailure } from './unexplained-failure.js';
import { vantageOffline } from './vantage-offline.js';
import { vantageStarved } from './vantage-starved.js';

export const rules: readonly AnyRule[] = [
  vantageOffline,
  vantageStarved,
  turnHostWrong,
  dnsResolverUnreachable,
  dnsUdpBlocked,
  dnsNameMissing,
  dnsNoAddress,
  dnsServerFailure,
  dnsDnssecInvalid,
  turnNameMissing,
  dnsPrivateAddress,
  dnsWrongAddress,
  dnsAddressDrift,
  dnsResolversDisagree,
  kubernetesNoEndpoints,
  kubernetesServicePending,
  kubernetesDnsStale,
  ipv6Unreachable,
  signalAddressDead,
  signalPortRefused,
  signalPortFiltered,
  vantageClockSkew,
  turnExternalTlsMismatch,
  tlsIntercepted,
  kubernetesCertificateNotReady,
  tlsDefaultCertificate,
  tlsPlaintextPort,
  tlsVersionUnsupported,
  pathMtuBlackhole,
  tlsHandshakeStalled,
  tlsCertificateExpired,
  tlsCertificateNotYetValid,
  tlsCertificateExpiring,
  tlsChainIncomplete,
  tlsUntrustedIssuer,
  tlsNameMismatch,
  ingressBackendDown,
  ingressRedirects,
  ingressUpgradeMissing,
  ingressWrongBackend,
  ingressSwallowsFrames,
  ingressIdleTimeout,
  serverNotReady,
  serverLimitReached,
  serverBusFailure,
  roomMissing,
  kubernetesApiKeyDiffers,
  kubernetesKeysNotLoaded,
  tokenKeyUnknown,
  tokenSecretWrong,
  tokenTimeInvalid,
  tokenGrantMissing,
  tokenEndpointFailed,
  tokenServerMismatch,
  tokenRoomIgnored,
  tokenGrantsTooWide,
  tokenLifetimeTooLong,
  tokenEndpointSlow,
  publishDenied,
  subscribeDenied,
  serverVersionUnexpected,
  serverRegionUnexpected,
  kubernetesNodeIpStale,
  kubernetesConfigNotLoaded,
  kubernetesUdpPortMismatch,
  kubernetesTcpPortMismatch,
  hairpinMissing,
  mediaAddressPrivate,
  mediaAddressWrong,
  mediaReplyAddressWrong,
  mediaAddressSilent,
  mediaAddressDrift,
  mediaPortDrift,
  forbiddenPathOpen,
  udpNotOffered,
  tcpNotOffered,
  udpBlockedAtVantage,
  udpPortRemapped,
  loadBalancerSplitsNodes,
  udpMtuBlackhole,
  udpFiltered,
  udpPortClosed,
  tcpPortRefused,
  tcpPortFiltered,
  tcpPortProxied,
  turnNotOffered,
  turnHostDrift,
  turnTlsPortMismatch,
  turnPortNotTurn,
  turnTlsUnreachable,
  turnTcpUnreachable,
  turnUdpUnreachable,
  turnCredentialsExpired,
  turnCredentialsRejected,
  turnQuotaExceeded,
  turnPeerDenied,
  turnRequestRefused,
  turnRelayAddressWrong,
  turnRelayRangeBlocked,
  dtlsFiltered,
  natBindingShort,
  natEndpointDependent,
  turnMappedAddressLoopback,
  firefoxFails,
  qualityBandwidth,
  mediaUplinkLost,
  mediaDownlinkLost,
  rtcpLost,
  codecDisabled,
  qualityLoss,
  qualityLatency,
  qualityJitter,
  qualityFreezes,
  qualityConnectTime,
  qualityFirstFrame,
  agentDispatchRefused,
  agentAbsent,
  agentSilent,
  fallbackFailed,
  reconnectFailed,
  browserMissing,
  kubernetesClaimDiffers,
  kubernetesTrafficPolicy,
  kubernetesUnreadable,
  unexplainedFailure,
];
