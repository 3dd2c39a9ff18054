/** An estimate of how people would rate a voice. It decides nothing. */
import type { MeasuredMedia, RoundTrips } from '../evidence/facts.js';

/** Frames of Opus as browsers send them, in milliseconds: one is waited for until it is full. */
const frameMs = 20;
/** R of a connection with nothing wrong with it (ITU-T G.107, default values). */
const bestR = 93.2;
/** G.113 Appendix I for G.711 with concealment, random loss. There is no figure for Opus, which fares no worse. */
const robustness = 25.1;

/**
 * Mean opinion score, 1 to 4.5, of the sound that one participant hears, with two digits: the E-model (ITU-T G.107
 * 06/2015) without echo, noise and advantage, its delay impairment as simplified by Cole and Rosenbluth ("Voice over IP
 * Performance Monitoring", 2001): R = 93.2 − Id(d) − Ie-eff(loss), and MOS by Annex B. The delay `d` is half of each
 * one's round trip to the server, a frame, and a jitter buffer of twice the jitter. Undefined where too little is known.
 */
export function mosEstimate(
  media: MeasuredMedia | undefined,
  near: RoundTrips | undefined,
  far: RoundTrips | undefined,
): number | undefined {
  const packets = (media?.audioPacketsReceived ?? 0) + (media?.audioPacketsLost ?? 0);
  if (!media || !near || !far || !(packets > 0)) return undefined;
  const lossPercent = (100 * media.audioPacketsLost) / packets;
  const delayMs = (near.medianMs + far.medianMs) / 2 + frameMs + 2 * (media.jitterMs ?? 0);
  const delayed = 0.024 * delayMs + 0.11 * Math.max(0, delayMs - 177.3);
  const damaged = (95 * lossPercent) / (lossPercent + robustness);
  const r = Math.min(100, Math.max(0, bestR - delayed - damaged));
  const mos = 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
  return Number.isFinite(mos) ? Math.max(1, Math.round(mos * 100) / 100) : undefined;
}
