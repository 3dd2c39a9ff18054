/**
 * The server's configuration as it stands in the cluster: of it only what says where media, TURN and signalling are, and
 * the names of the API keys. Everything else (Redis, webhooks, TURN servers) may hold secrets and is not looked at.
 */
import { isIP } from 'node:net';
import { parse } from 'yaml';
import type { ServerConfigFacts } from '../evidence/facts.js';

type Map = Readonly<Record<string, unknown>>;

/** API keys with their secrets. */
export type Keys = ReadonlyMap<string, string>;

export interface ServerConfig {
  readonly facts: Omit<ServerConfigFacts, 'udp' | 'udpPortIgnored'>;
  /** `rtc.udp_port`, and the two keys for a range. */
  readonly udp: { readonly port?: string; readonly range?: string };
  readonly keys: Keys;
  /** A file in the pod that holds the keys instead. */
  readonly keyFile?: string;
  /** A file in the pod with the certificate of TURN. */
  readonly turnCertificateFile?: string;
}

/** Undefined where it is not YAML, or not a map. livekit-server `pkg/config/config.go` names the keys. */
export function parseServerConfig(text: string): ServerConfig | undefined {
  const config = parseMap(text);
  if (!config) return undefined;
  const rtc = mapOf(config.rtc);
  const turn = mapOf(config.turn);
  return {
    facts: defined<ServerConfig['facts']>({
      port: numberOf(config.port),
      nodeIps: addressList(rtc.node_ip),
      useExternalIp: booleanOf(rtc.use_external_ip),
      tcpPort: numberOf(rtc.tcp_port),
      turn: config.turn === undefined ? undefined : turnFacts(turn),
    }),
    udp: { port: portOrRange(rtc.udp_port), range: range(rtc.port_range_start, rtc.port_range_end) },
    keys: keysOf(config.keys),
    keyFile: textOf(config.key_file),
    turnCertificateFile: textOf(turn.cert_file),
  };
}

/** mediatransportutil `rtcconfig`: a range wins over one port, and is the default of a server that is told neither. */
export function udpPorts({ port, range }: ServerConfig['udp']): Pick<ServerConfigFacts, 'udp' | 'udpPortIgnored'> {
  return range && port ? { udp: range, udpPortIgnored: port } : { udp: range ?? port ?? '50000-60000' };
}

/** `API_KEY: SECRET` in lines, as in LiveKit's key files and `LIVEKIT_KEYS`. */
export function parseKeys(text: string): Keys {
  return keysOf(parseMap(text));
}

/** One address, or one of each family: `192.0.2.1,2001:db8::1` (mediatransportutil `rtcconfig`, NodeIP). */
export function addressList(value: unknown): string[] | undefined {
  const addresses = String(value ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => isIP(part) !== 0);
  return addresses.length > 0 ? addresses : undefined;
}

/** `7882`, `30001-30009` (mediatransportutil `rtcconfig`, PortRange). */
export function portOrRange(value: unknown): string | undefined {
  const text = String(value ?? '').replaceAll(' ', '');
  return /^[1-9]\d*(-[1-9]\d*)?$/.test(text) ? text : undefined;
}

function turnFacts(turn: Map): NonNullable<ServerConfigFacts['turn']> {
  return defined<NonNullable<ServerConfigFacts['turn']>>({
    enabled: turn.enabled === true,
    domain: textOf(turn.domain),
    tlsPort: numberOf(turn.tls_port),
    udpPort: numberOf(turn.udp_port),
    externalTls: booleanOf(turn.external_tls),
    relayRange: range(turn.relay_range_start, turn.relay_range_end),
  });
}

function parseMap(text: string): Map | undefined {
  try {
    const value: unknown = parse(text, { logLevel: 'silent' });
    return value && typeof value === 'object' && !Array.isArray(value) ? (value as Map) : undefined;
  } catch {
    return undefined;
  }
}

function keysOf(value: unknown): Keys {
  const pairs = Object.entries(mapOf(value)).map(([name, secret]) => [name, String(secret ?? '')] as const);
  return new Map(pairs);
}

const mapOf = (value: unknown): Map => (value && typeof value === 'object' ? (value as Map) : {});
const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const booleanOf = (value: unknown): boolean | undefined => (typeof value === 'boolean' ? value : undefined);
const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : undefined;

function range(first: unknown, last: unknown): string | undefined {
  const [from, to] = [numberOf(first), numberOf(last)];
  return from && to ? `${from}-${to}` : undefined;
}

/** Without what is absent: facts are JSON. */
export function defined<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as T;
}
