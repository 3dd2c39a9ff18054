/** Claims about the addresses and ports for media. */
import { isIP } from 'node:net';
import { isIpv6 } from '../diagnosis/address.js';
import { joined, look, signalAddresses } from '../diagnosis/look.js';
import { list } from '../diagnosis/words.js';
import type { CandidateFacts } from '../evidence/facts.js';
import type { EnvironmentRun } from '../evidence/run.js';
import { because, type Line, type Looks, reasons } from './section.js';

type Protocol = CandidateFacts['protocol'];

export function mediaLines(looks: Looks): Line[] {
  return [...addressLine(looks), ...portLines(looks, 'udp'), ...portLines(looks, 'tcp')];
}

/** What is offered at addresses that can be claimed, IPv4 and what is preferred first (RFC 8445 §5.1.2). */
function offered(environment: EnvironmentRun, protocol?: Protocol): CandidateFacts[] {
  return (joined(environment)?.candidates ?? [])
    .filter((one) => isIP(one.address) !== 0 && (!protocol || one.protocol === protocol))
    .sort((a, b) => Number(isIpv6(a.address)) - Number(isIpv6(b.address)) || b.priority - a.priority);
}

function check({ observations }: EnvironmentRun, { protocol, address, port }: CandidateFacts) {
  return observations.find(({ id }) => id === `ice-${protocol}:${address}:${port}`);
}

function answers(environment: EnvironmentRun): (candidate: CandidateFacts) => boolean {
  return (candidate) => check(environment, candidate)?.state === 'ok';
}

function addressesOf(candidates: readonly CandidateFacts[]): string[] {
  return [...new Set(candidates.map(({ address }) => address))];
}

function addressLine({ first, others }: Looks): Line[] {
  const candidates = offered(first);
  const [preferred] = candidates;
  if (!preferred) return [];
  const working = addressesOf(candidates.filter(answers(first)));
  const [value, ...further] = working;
  const key = 'address';
  if (value === undefined) {
    const why = because(
      reasons(
        first,
        candidates.map((one) => check(first, one)),
      ),
    );
    const silent = `The server advertises ${list(addressesOf(candidates))} for media, where nothing answered${why}.`;
    const instead = [...look(first, 'ice-udp'), ...look(first, 'ice-tcp')].find(({ state }) => state === 'ok');
    const says = instead ? `${silent} This one answers instead, so that it should be advertised.` : silent;
    return [{ key, value: instead?.facts.address ?? preferred.address, says, doubted: true }];
  }
  const elsewhere = others.find((other) => joined(other) && !addressesOf(offered(other)).includes(value));
  if (elsewhere) {
    const all = addressesOf([first, ...others].flatMap((one) => offered(one).slice(0, 1)));
    const says = `Participants are sent to different addresses (${list(all)}), so there are several nodes, and a claim names the only one.`;
    return [{ key, value, says, doubted: true }];
  }
  const shared = signalAddresses(first).includes(value);
  const meaning = shared
    ? 'the same host as for signalling.'
    : "a load balancer's address, or the node's. Keep it pinned (`rtc.node_ip` with `rtc.use_external_ip: false`): it changes when the load balancer is made anew.";
  const beside = further.length > 0 ? ` Beside it: ${list(further)}.` : '';
  return [{ key, value, says: `The address that the server advertises for media today: ${meaning}${beside}` }];
}

function portLines({ first, others }: Looks, protocol: Protocol): Line[] {
  const candidates = offered(first, protocol);
  const [preferred] = candidates;
  if (!preferred) return [];
  const working = candidates.find(answers(first));
  const looked = [first, ...others].filter((one) => joined(one));
  const ports = [...new Set(looked.flatMap((one) => offered(one, protocol).map(({ port }) => port)))].sort(
    (a, b) => a - b,
  );
  const several = ports.length > 1;
  const line = {
    key: protocol,
    value: several && protocol === 'udp' ? `${ports[0]}-${ports.at(-1)}` : (working ?? preferred).port,
  };
  if (!working) {
    const why = because(
      reasons(
        first,
        candidates.map((one) => check(first, one)),
      ),
    );
    return [
      { ...line, says: `Media over ${protocol.toUpperCase()} is offered here and did not work${why}.`, doubted: true },
    ];
  }
  if (protocol === 'tcp') {
    const says = 'The port for media over TCP (`rtc.tcp_port`), for networks that let no UDP out.';
    return [
      {
        ...line,
        says: several ? `${says} Others were seen, too: ${list(ports.map(String))}.` : says,
        doubted: several,
      },
    ];
  }
  if (several) {
    const says = `${looked.length} participants at the same time were given the ports ${list(ports.map(String))}, so they come from a range. Write all of it, \`rtc.port_range_start\` to \`rtc.port_range_end\`:`;
    return [{ ...line, says, doubted: true }];
  }
  if (looked.length < 2) {
    const says =
      'The port that one participant was given. If it is `rtc.udp_port`, it can be claimed; if it is out of a range, claim that: 50000-60000.';
    return [{ ...line, says, doubted: true }];
  }
  const says = `One port for all: ${looked.length} participants were given it at the same time (\`rtc.udp_port\`).`;
  return [{ ...line, says }];
}
