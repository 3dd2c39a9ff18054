/** What the cluster says of the deployment. Times are ISO 8601. No value of a secret is ever among it. */

export interface ServicePortFacts {
  name?: string;
  protocol: 'UDP' | 'TCP';
  /** Where its address listens. */
  port: number;
  /** Of the pod; absent where it has a name that no container port bears. */
  targetPort?: number;
  /** Of each node. */
  nodePort?: number;
}

export interface ServiceFacts {
  name: string;
  /** `LoadBalancer`, `NodePort`, `ClusterIP`… */
  type: string;
  /** EXTERNAL-IP: what the load balancer was given, then `spec.externalIPs`. */
  addresses: string[];
  /** Names instead of addresses, as on AWS. */
  hostnames: string[];
  /** `externalTrafficPolicy`. */
  trafficPolicy?: 'Local' | 'Cluster';
  ports: ServicePortFacts[];
  /** Pods behind it, from its EndpointSlices; absent where they could not be read. */
  endpoints?: { ready: number; notReady: number };
}

export interface IngressFacts {
  name: string;
  hosts: string[];
  addresses: string[];
  hostnames: string[];
  /** The Service to which the environment's host leads. */
  backend?: string;
}

/** Of cert-manager, or else what is read of the certificate in a TLS secret. */
export interface ClusterCertificateFacts {
  role: 'signal' | 'turn';
  /** Who says so: a Certificate of cert-manager, or the TLS secret of that name. */
  from: 'cert-manager' | 'tls';
  name: string;
  /** cert-manager only: the condition `Ready`, and what it says. */
  ready?: boolean;
  reason?: string;
  message?: string;
  validFrom?: string;
  validTo?: string;
  /** There is no such object. */
  missing?: true;
}

/** What matters of the server's own configuration; absent where it does not say. */
export interface ServerConfigFacts {
  /** `ConfigMap NAME`, `Secret NAME`, `Deployment NAME`, and the entry of its data. */
  heldBy?: string;
  key?: string;
  port?: number;
  /** One for each family; absent with `nodeIpFrom`: known to the pod alone. */
  nodeIps?: string[];
  /** What says so in the workload, if it is not `rtc.node_ip`. */
  nodeIpFrom?: '--node-ip' | 'NODE_IP';
  useExternalIp?: boolean;
  /** Of media, as the server takes it: `7882`, or `first-last`; a range wins over `rtc.udp_port`. */
  udp?: string;
  /** What `rtc.udp_port` says, where a range wins. */
  udpPortIgnored?: string;
  tcpPort?: number;
  turn?: {
    enabled: boolean;
    domain?: string;
    tlsPort?: number;
    udpPort?: number;
    externalTls?: boolean;
    /** `first-last`. */
    relayRange?: string;
  };
}

/** The API keys that the cluster gives to the server: their names, which are no secret. */
export interface ClusterKeysFacts {
  /** `Secret NAME`, `ConfigMap NAME`, `Deployment NAME`. */
  heldBy: string;
  names: string[];
  /** Of everything in it: scrypt with the object's name as salt, hex. Two runs show whether it changed. */
  hash: string;
  /** Whether the environment's own API key is among the names; absent where it has none. */
  known?: boolean;
  /** Whether what it has for that key is the same. */
  same?: boolean;
  /** When it was last written. */
  changedAt?: string;
}

/** `kubernetes`: read through the API of the cluster, nothing else. */
export interface KubernetesFacts {
  /** Absent inside of a pod. */
  context?: string;
  namespace: string;
  /** `Deployment NAME`; absent where none was found. */
  workload?: string;
  hostNetwork?: boolean;
  pods?: {
    ready: number;
    total: number;
    /** Of the one that runs longest. */
    startedAt?: string;
  };
  config?: ServerConfigFacts;
  /** What holds the configuration was last written then. */
  configChangedAt?: string;
  /** Those that take the media from outside; none with `hostNetwork`, or where none was found. */
  media: ServiceFacts[];
  turn?: ServiceFacts;
  /** That at which the ingress finds signalling. */
  signal?: ServiceFacts;
  ingress?: IngressFacts;
  certificates: ClusterCertificateFacts[];
  keys?: ClusterKeysFacts;
  /** What could not be read, and why: forbidden, not there, several of them. */
  unread: { what: string; kind: UnreadKind; message: string; needs?: string }[];
}

/** `forbidden`: RBAC; `ambiguous`: several fit, and none is named; `absent`: none fits, or none of that name. */
export type UnreadKind = 'forbidden' | 'absent' | 'ambiguous' | 'error';
