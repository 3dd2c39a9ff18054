import type { Evidence } from '../../evidence/run.js';
import { isPrivate, splitAddress } from '../address.js';
import { addressOf, advertised, type IceCheck, mediaAnsweredAt, silent, turnAnswered, turnChecks } from '../checks.js';
import { ids } from '../look.js';
import { type Mapped, natDestinations } from '../nat.js';
import { severityOf } from '../offered.js';
import { type Alternative, rule } from '../rule.js';
import { list } from '../words.js';

interface HairpinArgs {
  addresses: string[];
  destinations: string[];
  /** Who saw this vantage at that address. */
  seenBy: string[];
  /** Addresses that the server offers besides, and that may not be checked unless they are claimed. */
  internal: string[];
}

/** Far sides at other addresses than the one that they saw us at. */
function outsideViews({ observations }: Evidence): Mapped[] {
  return natDestinations(observations).filter(
    (one): one is Mapped =>
      one.mapped !== undefined && splitAddress(one.mapped).address !== splitAddress(one.destination).address,
  );
}

/** The media is silent at the address that we have ourselves, seen from outside; and so is TURN, if it is there. */
function ownAddressSilent(evidence: Evidence): { address: string; checks: IceCheck[]; views: Mapped[] }[] {
  const checks = advertised(evidence);
  const views = outsideViews(evidence);
  return [...new Set(checks.map(addressOf))].flatMap((address) => {
    const here = checks.filter((check) => check.facts.address === address);
    const seeing = views.filter(({ mapped, local = '' }) => {
      const outer = splitAddress(mapped).address;
      // Without translation the address is this machine's own, and nothing has to come back through a router.
      return outer === address && splitAddress(local).address !== address;
    });
    const turn = turnChecks(evidence).some(
      (check) => check.probe === 'turn-udp' && check.facts.address === address && turnAnswered(check),
    );
    const isSilent = here.every(silent) && !turn && !mediaAnsweredAt(evidence, address);
    return seeing.length > 0 && isSilent ? [{ address, checks: here, views: seeing }] : [];
  });
}

/** Silence inside is what a port that is forwarded for nobody looks like as well. */
function orForNobody(protocols: readonly IceCheck['probe'][]): Alternative[] {
  const separateBy =
    'Run the check from outside of this network: if the media is silent there too, the router or a firewall forwards it for nobody.';
  return [
    ...(protocols.includes('ice-udp') ? [{ code: 'udp-filtered', separateBy }] : []),
    ...(protocols.includes('ice-tcp') ? [{ code: 'tcp-port-filtered', separateBy }] : []),
  ];
}

/** This vantage is behind the same router as the server, and the router does not send packets to its own address back in. */
export const hairpinMissing = rule<HairpinArgs>({
  code: 'hairpin-missing',
  severity: 'error',
  explainedBy: ['vantage-offline', 'vantage-starved'],
  find: (evidence) =>
    ownAddressSilent(evidence).map(({ address, checks, views }) => {
      const unchecked = evidence.observations.filter(
        ({ probe, failure, facts }) =>
          probe.startsWith('ice-') && failure?.kind === 'address-not-allowed' && isPrivate(String(facts.address)),
      );
      return {
        args: {
          addresses: [address],
          destinations: checks.map(({ facts, probe }) => `${probe === 'ice-udp' ? 'UDP' : 'TCP'} ${facts.port}`),
          seenBy: views.map(({ host }) => host),
          internal: [...new Set(unchecked.map(({ facts }) => String(facts.address)))],
        },
        evidence: ids(...checks, ...views, ...unchecked),
        severity: severityOf(evidence, ...checks.map(({ probe }) => (probe === 'ice-udp' ? 'udp' : 'tcp'))),
        undecided: unchecked.length > 0,
        alternatives: orForNobody(checks.map(({ probe }) => probe)),
      };
    }),
  prose: ({ addresses, destinations, seenBy, internal }) => ({
    summary: `This network has the address ${list(addresses)} itself, and the media is silent there (${list(destinations)}): the router does not send packets to its own address back in.`,
    cause: `This machine is seen at ${list(addresses)} by ${list(seenBy)}, and that is the address that the server advertises for media, so both are behind the same NAT, and it has no hairpinning (RFC 4787 §6) for these ports; participants outside may well be connected.${
      internal.length > 0
        ? ` The server offers ${list(internal)} besides, which is not checked unless it is claimed as \`media.address\`.`
        : ''
    }`,
    fix: 'Switch on hairpinning (NAT loopback) for the media ports on the router, or offer the internal address as well: `rtc.advertise_internal_ip: true`, which livekit-server heeds only together with `rtc.use_external_ip: true`, and without hairpinning only with `rtc.skip_external_ip_validation: true` too (with `rtc.node_ip` alone it is ignored).',
  }),
});
