/** Which records of a DNS answer are about the name that was asked for. */
import type { DecodedPacket } from 'dns-packet';
import t from 'tap';
import { recordsOf } from '../../wire/dns.js';

const message = (...answers: object[]): DecodedPacket => ({ type: 'response', answers }) as unknown as DecodedPacket;
const a = (name: string, data: string) => ({ type: 'A', name, ttl: 60, data });
const cname = (name: string, data: string) => ({ type: 'CNAME', name, ttl: 60, data });
const addresses = (found: DecodedPacket, name: string) =>
  recordsOf(found, name).flatMap((record) => (record.type === 'A' ? [record.data] : []));

t.test('its own, however it is written', async (t) => {
  const answer = message(a('Livekit.example.com', '192.0.2.1'), a('other.example.com', '192.0.2.2'));
  for (const name of ['livekit.example.com', 'LIVEKIT.example.com', 'livekit.example.com.']) {
    t.same(addresses(answer, name), ['192.0.2.1'], name);
  }
});

t.test('those that its aliases lead to, in any order, and through a circle', async (t) => {
  const [first, second] = [cname('a.example.com', 'b.example.com'), cname('b.example.com', 'c.example.com')];
  const address = a('c.example.com', '192.0.2.3');
  t.same(addresses(message(address, second, first), 'a.example.com'), ['192.0.2.3']);
  t.same(addresses(message(first, cname('b.example.com', 'a.example.com'), address), 'a.example.com'), []);
});
