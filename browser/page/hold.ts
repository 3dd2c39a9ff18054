/**
 * Holds the peer connections of a page to one path each. livekit-client makes them itself, so the constructor is
 * wrapped; which exchange a connection belongs to rides in its configuration under a key that browsers ignore.
 */
import type { Bounds } from './bounds.js';
import { belongs, firstEnds, isRelayed, narrowed, type Origin, type Way, withCandidates } from './candidates.js';

interface Hold {
  readonly key: string;
  readonly path: Way;
  readonly bounds?: Bounds | undefined;
}

interface Held extends RTCConfiguration {
  doctor?: Hold;
}

/** Without the older forms that take callbacks, which livekit-client does not use. */
interface Native {
  createOffer(options?: RTCOfferOptions): Promise<RTCSessionDescriptionInit>;
  createAnswer(options?: RTCAnswerOptions): Promise<RTCSessionDescriptionInit>;
  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void>;
  setLocalDescription(description?: RTCLocalSessionDescriptionInit): Promise<void>;
  addIceCandidate(candidate?: RTCIceCandidateInit): Promise<void>;
  setConfiguration(configuration: RTCConfiguration): void;
}

const connections = new Map<string, RTCPeerConnection[]>();

/** For `rtcConfig` of livekit-client: what this makes is held to `path` and found under `key`. */
export function held(key: string, path: Way, bounds?: Bounds): RTCConfiguration {
  // Otherwise each section of an offer opens connections of its own, all but one to be closed after the answer: more
  // work, more allocations of a TURN server, and over TCP it is sometimes the wrong one that stays.
  const configuration: Held = { bundlePolicy: 'max-bundle', doctor: { key, path, bounds } };
  return configuration;
}

const listeners = new Map<string, (connection: RTCPeerConnection) => void>();

/** Tells of every connection that will be made under `key`, until it is forgotten. */
export function whenMade(key: string, listener: (connection: RTCPeerConnection) => void): void {
  listeners.set(key, listener);
}

/** Those that are open: livekit-client closes one where a server does not know the newer way of joining. */
export function connectionsOf(key: string): readonly RTCPeerConnection[] {
  return (connections.get(key) ?? []).filter(({ signalingState }) => signalingState !== 'closed');
}

export function everyConnection(): readonly RTCPeerConnection[] {
  return [...connections.values()].flat();
}

export function forget(key: string): void {
  connections.delete(key);
  listeners.delete(key);
}

function hold(connection: RTCPeerConnection, { path, bounds }: Hold): void {
  const native: Native = RTCPeerConnection.prototype;
  let configured = (): void => {};
  /** livekit-client may apply the answer, which starts gathering, just before it sets the servers that came with it. */
  const hasServer = new Promise<void>((resolve) => {
    configured = resolve;
    if (!isRelayed(path) || connection.getConfiguration().iceServers?.length) resolve();
  });
  const isFirst = firstEnds();
  const may = (origin: Origin, line: string): boolean =>
    belongs(path, origin, line, bounds) && (origin === 'local' || isFirst(line));
  // Registered first, so that no other listener gets to know the candidate.
  connection.addEventListener('icecandidate', (event) => {
    if (event.candidate && !may('local', event.candidate.candidate)) event.stopImmediatePropagation();
  });
  const filtered = (origin: Origin, { type, sdp }: RTCSessionDescriptionInit): RTCSessionDescriptionInit => ({
    type,
    ...(sdp && { sdp: withCandidates(sdp, (line) => may(origin, line)) }),
  });
  Object.assign(connection, {
    createOffer: async (options?: RTCOfferOptions) =>
      filtered('local', await native.createOffer.call(connection, options)),
    createAnswer: async (options?: RTCAnswerOptions) =>
      filtered('local', await native.createAnswer.call(connection, options)),
    setRemoteDescription: (description: RTCSessionDescriptionInit) =>
      native.setRemoteDescription.call(connection, filtered('remote', description)),
    setLocalDescription: async (description?: RTCLocalSessionDescriptionInit) => {
      await hasServer;
      await native.setLocalDescription.call(connection, description);
    },
    addIceCandidate: async (candidate?: RTCIceCandidateInit) => {
      if (!candidate?.candidate || may('remote', candidate.candidate)) {
        await native.addIceCandidate.call(connection, candidate);
      }
    },
    setConfiguration: (configuration: RTCConfiguration) => {
      const ours = narrowed(path, configuration, bounds);
      native.setConfiguration.call(connection, ours);
      if (ours.iceServers?.length) configured();
    },
  });
}

/** Must run before livekit-client makes its first connection. */
export function wrapPeerConnection(): void {
  globalThis.RTCPeerConnection = new Proxy(RTCPeerConnection, {
    construct(Native, [configuration]: [Held?]) {
      const ours = configuration?.doctor;
      if (!ours) return new Native(configuration);
      const connection = new Native(narrowed(ours.path, configuration, ours.bounds));
      hold(connection, ours);
      connections.set(ours.key, [...(connections.get(ours.key) ?? []), connection]);
      listeners.get(ours.key)?.(connection);
      return connection;
    },
  });
}
