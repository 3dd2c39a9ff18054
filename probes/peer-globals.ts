/**
 * What livekit-client expects of a browser, for a process in which it runs without one: WebRTC by @roamhq/wrtc, and a
 * websocket that connects to addresses which were resolved before, and trusts what the environment trusts. Only for a
 * process of its own: nothing here is undone.
 */
import { isIP, type LookupFunction } from 'node:net';
import type * as Wrtc from '@roamhq/wrtc';
import { WebSocket } from 'ws';
import { trusting } from '../wire/tcp.js';

interface Reach {
  /** Of the signalling host, as the resolvers gave them. */
  readonly addresses: readonly string[];
  /** PEM of a private CA, trusted beside the public ones. */
  readonly ca?: string;
}

/** Why the last websocket came to nothing; livekit-client does not tell. */
let refusal = '';

/** Must run before livekit-client is imported. Throws if there is no WebRTC library for this platform. */
export async function installGlobals(): Promise<void> {
  const { default: wrtc } = (await import('@roamhq/wrtc')) as unknown as { default: typeof Wrtc };
  const {
    RTCIceCandidate,
    RTCSessionDescription,
    RTCDataChannel,
    RTCRtpSender,
    RTCRtpReceiver,
    MediaStream,
    MediaStreamTrack,
  } = wrtc;
  // webrtc-adapter replaces a class that lacks this one by its own, which wrtc cannot read.
  Object.assign(RTCIceCandidate.prototype, { foundation: null });
  const nothing = () => undefined;
  const elements = { addEventListener: nothing, removeEventListener: nothing };
  const substitutes = {
    RTCPeerConnection: withStoppableEvents(wrtc.RTCPeerConnection),
    RTCIceCandidate,
    RTCSessionDescription,
    RTCDataChannel,
    RTCRtpSender,
    RTCRtpReceiver,
    MediaStream,
    MediaStreamTrack,
    window: globalThis,
    document: { ...elements, createElement: () => ({ ...elements }), visibilityState: 'visible' },
    navigator: { userAgent: 'livekit-doctor', platform: process.platform, onLine: true },
    ...elements,
    fetch: askedWhy,
  };
  for (const [name, value] of Object.entries(substitutes)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
}

/**
 * livekit-client asks over HTTP what was wrong with its websocket, and would use the system's resolver for it. We know:
 * of the newer way of joining it has to hear that the server does not have it, so that it takes the older one.
 */
async function askedWhy(url: string | URL | Request): Promise<Response> {
  if (String(url).includes('/rtc/v1') && refusal.endsWith(' 404')) return new Response(refusal, { status: 404 });
  throw new TypeError(refusal);
}

/** More than any message of signalling. */
const mostBytes = 1 << 20;

/** Where the websockets of this process may go. */
export function installWebSocket({ addresses, ca }: Reach): void {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  const lookup: LookupFunction = (_host, options, callback) => {
    const [first] = all;
    if (options.all) callback(null, all);
    else callback(null, first?.address ?? '', first?.family);
  };
  const options = {
    lookup,
    perMessageDeflate: false,
    maxPayload: mostBytes,
    secureContext: trusting(ca),
  };
  class Resolved extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols, options);
      this.on('error', ({ message }) => {
        refusal = message;
      });
    }
  }
  Object.assign(globalThis, { WebSocket: Resolved });
}

type Listener = ((event: Event) => void) | { handleEvent(event: Event): void };

/** An event of wrtc cannot be kept from the listeners that come later, which holding a connection to a path needs. */
function withStoppableEvents(Native: typeof RTCPeerConnection): typeof RTCPeerConnection {
  return class extends Native {
    declare readonly _listeners: Record<string, Set<Listener>>;

    override dispatchEvent(event: Event): boolean {
      let stopped = false;
      Object.assign(event, {
        stopImmediatePropagation: () => {
          stopped = true;
        },
      });
      process.nextTick(() => {
        const handler = (this as unknown as Record<string, unknown>)[`on${event.type}`] as Listener | null;
        for (const listener of [...(this._listeners[event.type] ?? []), handler]) {
          if (stopped || !listener) continue;
          if (typeof listener === 'function') listener.call(this, event);
          else listener.handleEvent(event);
        }
      });
      return true;
    }
  };
}
