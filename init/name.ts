import { isIP } from 'node:net';
import { hostOf } from '../environment/host.js';

/** First labels that say what it is, and not which. */
const services = new Set(['livekit', 'lk', 'sfu', 'rtc', 'webrtc', 'media', 'ws', 'wss', 'signal', 'www']);

/** `staging` of `wss://livekit.staging.example.com`, and of an address the address. */
export function nameFrom(url: URL): string {
  const host = hostOf(url);
  if (isIP(host)) return host.replaceAll(':', '-').replace(/^-+/, '');
  const labels = host.split('.');
  const telling = labels.length > 2 && services.has(labels[0] ?? '') ? labels.slice(1) : labels;
  return (telling[0] ?? host).replace(/[^\w.-]/g, '-');
}
