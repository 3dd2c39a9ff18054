/** Claims about TURN: the server of the deployment, as participants find it by name. */
import { isIP } from 'node:net';
import { look } from '../diagnosis/look.js';
import { list } from '../diagnosis/words.js';
import { addressLine } from './names.js';
import { because, isPlain, type Line, type Looks, reasons } from './section.js';

export function turnLines({ first }: Looks): Line[] {
  const all = (['turn-tls', 'turn-tcp', 'turn-udp'] as const).flatMap((probe) => look(first, probe));
  const host = all.map(({ facts }) => facts.host).find((name) => isIP(name) === 0 && isPlain(name));
  if (host === undefined) return [];
  const here = all.filter(({ facts }) => facts.host === host);
  const working = here.filter(({ state }) => state === 'ok');
  const urls = list((working.length > 0 ? working : here).map(({ facts }) => facts.url));
  const key = 'host';
  if (working.length === 0) {
    const says = `The server hands out ${urls}, which did not work${because(reasons(first, here))}.`;
    return [{ key, value: host, says, doubted: true }];
  }
  const own = working.some(({ facts }) => facts.realm === 'livekit' && facts.transport === 'tls');
  return [
    { key, value: host, says: `The server hands out ${urls}, which works.` },
    ...addressLine(first, host, 'address', 'the load balancer for TURN, or the TURN server itself'),
    ...(own ? [externalTls] : []),
  ];
}

const externalTls: Line = {
  key: 'externalTls',
  value: true,
  says: 'Where TLS for TURN ends cannot be seen from outside: at the load balancer (`turn.external_tls: true`) or in livekit-server (false).',
  doubted: true,
};
