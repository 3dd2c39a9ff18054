/**
 * The network that hostile peers live in: a namespace in which every address is this machine's, so that they can be
 * whoever they like, and in which each packet's destination is counted.
 */
import { execFileSync, spawnSync } from 'node:child_process';

/** Where packets come from. */
const own = ['192.0.2.77', '2001:db8:77::1'];
const table = 'hostile';

/** New flows only: answers go to ports that the system chose, at our own addresses. */
const rules = `table inet ${table} {
  set seen4 { type ipv4_addr . inet_proto . inet_service; flags dynamic; size 65535; counter; }
  set seen6 { type ipv6_addr . inet_proto . inet_service; flags dynamic; size 65535; counter; }
  chain out {
    type filter hook output priority 0
    tcp flags & (syn | ack) == syn add @seen4 { ip daddr . meta l4proto . th dport }
    tcp flags & (syn | ack) == syn add @seen6 { ip6 daddr . meta l4proto . th dport }
    meta l4proto udp add @seen4 { ip daddr . meta l4proto . th dport }
    meta l4proto udp add @seen6 { ip6 daddr . meta l4proto . th dport }
  }
}
`;

const [mine4, mine6] = own;
const commands = [
  'ip link set lo up',
  `ip addr add ${mine4}/32 dev lo`,
  `ip route add local default dev lo src ${mine4}`,
  `ip -6 addr add ${mine6}/128 dev lo nodad`,
  `ip -6 route add local default dev lo src ${mine6}`,
];

/** Throws what the commands say. */
export function prepareWorld(): void {
  for (const command of commands) {
    const [program = '', ...args] = command.split(' ');
    execFileSync(program, args, { stdio: 'pipe' });
  }
  execFileSync('nft', ['-f', '-'], { input: rules, stdio: 'pipe' });
}

export interface Sent {
  readonly address: string;
  readonly protocol: string;
  readonly port: number;
  readonly packets: number;
}

interface Element {
  readonly elem: {
    readonly val: { readonly concat: readonly [string, string, number] };
    readonly counter?: { packets: number };
  };
}

/** The first port that the system chooses by itself. */
const firstEphemeral = 32_768;

/** Where packets have gone so far. */
export function destinations(): Sent[] {
  return ['seen4', 'seen6'].flatMap((set) => {
    const listed = spawnSync('nft', ['-j', 'list', 'set', 'inet', table, set], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    const { nftables } = JSON.parse(listed.stdout) as { nftables: { set?: { elem?: Element[] } }[] };
    return nftables
      .flatMap((one) => one.set?.elem ?? [])
      .map(({ elem: { val, counter } }): Sent => {
        const [address, protocol, port] = val.concat;
        return { address, protocol, port, packets: counter?.packets ?? 1 };
      })
      .filter(({ address, port }) => !((own.includes(address) || address === '127.0.0.1') && port >= firstEphemeral));
  });
}
