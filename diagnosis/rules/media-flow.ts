/** The transport stands, and what is sent over it does not arrive: which way it is lost, and what is lost. */
import type { ParticipantFacts, ReceivedMedia, Seen, SentTrack } from '../../evidence/facts.js';
import type { Evidence, Path } from '../../evidence/run.js';
import { ids, look } from '../look.js';
import { severityOf } from '../offered.js';
import { isLateCall } from '../pressure.js';
import { type Args, rule } from '../rule.js';
import { list } from '../words.js';

type Kind = 'video' | 'audio';
type MediaCheck = Seen<'media'>;

const kinds: readonly Kind[] = ['video', 'audio'];

interface FlowArgs extends Args {
  paths: Path[];
  /** What is lost. */
  kinds: Kind[];
  /** Packets that were sent, and that the other participant got, of the worst of them. */
  sent: number;
  received: number;
}

/** One track from one participant to the other. */
interface Flow {
  readonly check: MediaCheck;
  readonly kind: Kind;
  /** Undefined: nothing of it was sent at all. */
  readonly sent: SentTrack | undefined;
  readonly received: ReceivedMedia;
  /** Some report of the server arrived at the sender. */
  readonly hasReports: boolean;
}

/** Fewer packets than these prove nothing; of those that were sent, fewer than a twentieth came. */
const enoughPackets = 20;
const lostShare = 0.05;
/** For a track that signalling announced to begin. Milliseconds. */
const longEnoughMs = 1500;
/** The receiver reports once a second; after so many without one, none comes. Milliseconds. */
const silentReportsMs = 3000;

const before = [
  'vantage-starved',
  'publish-denied',
  'udp-mtu-blackhole',
  'dtls-filtered',
  'load-balancer-splits-nodes',
  'turn-relay-range-blocked',
  // The server pauses pictures for which there is no room.
  'quality-bandwidth',
] as const;

const flowOf = (check: MediaCheck, { sent }: ParticipantFacts, { received }: ParticipantFacts, kind: Kind): Flow => ({
  check,
  kind,
  sent: sent?.[kind],
  received,
  hasReports: kinds.some((one) => sent?.[one]?.reported),
});

function flowsOf(check: MediaCheck): Flow[] {
  const { caller, callee } = check.facts;
  const flow = (from: ParticipantFacts | undefined, to: ParticipantFacts | undefined, kind: Kind): Flow[] =>
    from?.dtlsMs === undefined || to?.dtlsMs === undefined ? [] : [flowOf(check, from, to, kind)];
  return kinds.flatMap((kind) => [...flow(caller, callee, kind), ...flow(callee, caller, kind)]);
}

const flows = (evidence: Evidence): Flow[] => look(evidence, 'media').flatMap(flowsOf);

const bytesOf = ({ kind, received }: Flow): number => (kind === 'video' ? received.videoBytes : received.audioBytes);

/** Much was sent, and next to nothing of it came to the other participant, who knew long enough that it would. */
function isLost(flow: Flow): boolean {
  const { sent, kind, received } = flow;
  const { awaitedMs = { [kind]: longEnoughMs } } = received;
  if ((awaitedMs[kind] ?? 0) < longEnoughMs) return false;
  return sent !== undefined && sent.packets >= enoughPackets && bytesOf(flow) < lostShare * sent.bytes;
}

/** The server got what was sent: it reports on it, and misses little. */
function reachedServer({ sent }: Flow): boolean {
  return sent?.reported !== undefined && sent.reported.packetsLost < sent.packets / 2;
}

function finding(evidence: Evidence, found: readonly Flow[]) {
  const [first] = found;
  if (!first) return [];
  const paths = [...new Set(found.map(({ check }) => check.facts.path))];
  const working = look(evidence, 'media').filter(({ state }) => state === 'ok');
  return [
    {
      args: {
        paths,
        kinds: [...new Set(found.map(({ kind }) => kind))],
        sent: Math.max(...found.map(({ sent }) => sent?.packets ?? 0)),
        received: first.received.packetsReceived ?? 0,
      },
      evidence: ids(...found.map(({ check }) => check), ...working),
      severity: severityOf(evidence, ...paths),
    },
  ];
}

const words: Record<Kind, string> = { video: 'picture', audio: 'sound' };
const what = (kinds: readonly Kind[]): string => list(kinds.map((kind) => words[kind]));

const otherWay = (code: string) => ({
  code,
  separateBy:
    'Look on the host of livekit-server whether the packets arrive from this machine (`tcpdump -ni any udp port 7882`) and whether what it sends leaves it: no report of the server came that would tell.',
});

export const mediaUplinkLost = rule<FlowArgs>({
  code: 'media-uplink-lost',
  severity: 'error',
  explainedBy: before,
  find(evidence) {
    const lost = flows(evidence).filter((flow) => isLost(flow) && !reachedServer(flow));
    return finding(evidence, lost).map((one) => ({
      ...one,
      // Without any report the server's answers may be what is lost.
      ...(lost.every(({ hasReports }) => !hasReports) && { alternatives: [otherWay('media-downlink-lost')] }),
    }));
  },
  prose: ({ paths, kinds, sent }) => ({
    summary: `On ${list(paths)} people are connected, but their ${what(kinds)} never reaches the server.`,
    cause: `${sent} packets were sent after ICE and DTLS had succeeded, and the server acknowledges none of them in its reports (RTCP): something between here and the server drops media, most likely by its size or because it is not taken for a call.`,
    fix: `Let UDP packets of up to 1300 bytes pass from participants to the media port in both firewalls (MTU of tunnels, "UDP flood" and "application" filters), and compare with \`tcpdump\` on the server.`,
  }),
});

export const mediaDownlinkLost = rule<FlowArgs>({
  code: 'media-downlink-lost',
  severity: 'error',
  explainedBy: [...before, 'media-uplink-lost'],
  find: (evidence) =>
    finding(
      evidence,
      flows(evidence).filter((flow) => isLost(flow) && reachedServer(flow)),
    ),
  prose: ({ paths, kinds, sent }) => ({
    summary: `On ${list(paths)} people are connected, and their ${what(kinds)} reaches the server, but nobody gets it from there.`,
    cause: `The server reports that it received the ${sent} packets that were sent, and the other participant received next to nothing: something on the way from the server drops media, most likely by its size.`,
    fix: 'Let UDP packets of up to 1300 bytes pass from the media port to participants (MTU of tunnels and overlay networks of the cluster, egress rules, "UDP flood" filters).',
  }),
});

export const rtcpLost = rule<FlowArgs>({
  code: 'rtcp-lost',
  severity: 'error',
  explainedBy: [...before, 'media-uplink-lost'],
  find(evidence) {
    const silent = look(evidence, 'media').filter((check) => {
      const all = flowsOf(check);
      const long = all.every(({ received }) => (received.measuredMs ?? 0) >= silentReportsMs);
      const arrives = all.some((flow) => !isLost(flow) && bytesOf(flow) > 0);
      return all.length > 0 && long && arrives && all.every(({ hasReports }) => !hasReports);
    });
    return finding(evidence, silent.flatMap(flowsOf));
  },
  prose: ({ paths }) => ({
    summary: `On ${list(paths)} media arrives, but none of the reports that belong to it (RTCP).`,
    cause:
      'Without them nobody learns of loss, the rate is never adapted, and requests for a key frame do not arrive, so pictures stay black or frozen for whoever joins late: a middlebox lets RTP pass and drops RTCP on the same port (RFC 5761).',
    fix: 'Turn off inspection of RTP ("VoIP", "media" or "application" helpers) for the media port on every firewall in between: RTP and RTCP share one port here.',
  }),
});

/**
 * What a participant does not send who sends the other kind, so it is not that nothing is published. Whether the other
 * participant is there does not matter: often one of the two is disconnected then.
 */
function refusedFlows(check: MediaCheck): Flow[] {
  const { caller, callee } = check.facts;
  return [caller, callee].flatMap((from, i) => {
    const to = [callee, caller][i];
    if (from?.dtlsMs === undefined || !to) return [];
    const { sent } = from;
    const sendsOther = (kind: Kind): boolean =>
      kinds.some((other) => other !== kind && (sent?.[other]?.packets ?? 0) > 0);
    const refused = kinds.filter((kind) => !sent?.[kind] && sendsOther(kind));
    return refused.map((kind) => flowOf(check, from, to, kind));
  });
}

export const codecDisabled = rule<FlowArgs>({
  code: 'codec-disabled',
  severity: 'error',
  explainedBy: ['vantage-starved', 'publish-denied', 'quality-bandwidth'],
  find(evidence) {
    const refused = look(evidence, 'media').flatMap(refusedFlows);
    // Now and then calls do not come about at all then (lab `codec-disabled` on plain).
    const late = look(evidence, 'media').filter((check) => check.state === 'failed' && isLateCall(check));
    return finding(evidence, refused).map((one) => ({
      ...one,
      evidence: [...new Set([...one.evidence, ...ids(...late)])],
    }));
  },
  prose: ({ kinds }) => ({
    summary: `The server takes no ${what(kinds)} from a browser: it agrees to no codec for it.`,
    cause: `The room's list of codecs leaves out ${kinds.includes('video') ? '`video/VP8`, which every browser can send' : '`audio/opus`, which every browser sends'}, so the ${what(kinds)} is refused in the answer (SDP), and publishing it fails quietly.`,
    fix: `Add ${list(kinds.map((kind) => (kind === 'video' ? '`- mime: video/vp8`' : '`- mime: audio/opus`')))} to \`room.enabled_codecs\`, or remove that list to allow what livekit-server allows by default.`,
  }),
});
