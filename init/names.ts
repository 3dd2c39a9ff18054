/** Claims about names and certificates. */
import { isIpv6 } from '../diagnosis/address.js';
import { look } from '../diagnosis/look.js';
import { usual } from '../diagnosis/names.js';
import { list } from '../diagnosis/words.js';
import type { EnvironmentRun } from '../evidence/run.js';
import { dateOf, type Line, type Looks } from './section.js';

/** The address of a name, IPv4 where it has one. Nothing where the name is an address itself, or unknown. */
export function addressLine(environment: EnvironmentRun, host: string, key: string, meaning: string): Line[] {
  const found = look(environment, 'dns').find(({ facts }) => facts.name === host);
  if (!found || found.facts.source === 'literal') return [];
  const answers = usual(found.facts);
  const all = [...new Set([...answers.flatMap(({ addresses }) => addresses), ...found.facts.addresses])];
  const ipv4 = all.filter((address) => !isIpv6(address));
  const addresses = ipv4.length > 0 ? ipv4 : all;
  const [value] = addresses;
  if (value === undefined) return [];
  const alias = answers.flatMap(({ cnames }) => cnames).at(-1);
  const faults = environment.findings.filter(
    ({ severity, evidence, code }) => severity !== 'info' && code.startsWith('dns-') && evidence.includes(found.id),
  );
  const doubt =
    faults.length > 0
      ? `That is in doubt: ${list(faults.map(({ code }) => code))}.`
      : found.facts.source === 'hosts-file'
        ? 'So says the hosts file of this machine; DNS was not asked.'
        : addresses.length > 1
          ? `It has several addresses (${list(addresses)}), and a claim names the only one.`
          : alias !== undefined
            ? `It is an alias of ${alias}, whose address is somebody else's to change.`
            : undefined;
  const says = `What ${host} resolves to: ${meaning}.`;
  return [{ key, value, says: doubt ? `${says} ${doubt}` : says, ...(doubt && { doubted: true }) }];
}

/** Days before its end by which a certificate must be renewed: as usual, or less where it lives for a short time. */
const usualDays = 14;
const dayMs = 86_400_000;

/** One number for all certificates of the deployment. */
export function minDaysLine({ first, startedAt }: Looks): Line[] {
  const leaves = look(first, 'tls').flatMap(({ facts: { host, chain } }) => (chain[0] ? [{ host, ...chain[0] }] : []));
  if (leaves.length === 0) return [];
  const lives = leaves.map(({ validFrom, validTo }) => (Date.parse(validTo) - Date.parse(validFrom)) / dayMs);
  const left = leaves.map(({ validTo }) => (Date.parse(validTo) - Date.parse(startedAt)) / dayMs);
  const value = Math.max(0, Math.floor(Math.min(usualDays, ...lives.map((days) => days / 3))));
  const ends = leaves.map(({ host, validTo }) => `${host} on ${dateOf(validTo)}`);
  const overdue = Math.min(...left) < value;
  const says = `A certificate must be renewed so many days before it ends: ${list(ends)}.`;
  return [{ key: 'minDays', value, says: overdue ? `${says} So that is overdue.` : says, doubted: overdue }];
}
