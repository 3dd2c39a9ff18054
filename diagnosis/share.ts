/** What a share that was seen in a few looks says of the true one. */

/** Of the standard normal distribution: one side of 99.9 %. */
const z = 3.09;

/**
 * The share that the true one exceeds with a certainty of 99.9 %: the lower end of the Wilson score interval (Wilson,
 * "Probable Inference", 1927). `part` of `whole` were seen to be bad, in so many separate `events`; what is bad together
 * counts as one, since it says no more than one would. 0 where nothing was seen. Result 0 to 1.
 */
export function atLeastShare(part: number, whole: number, events: number): number {
  if (!(part > 0) || !(whole > 0)) return 0;
  const size = Math.max(1, part / Math.max(1, Math.min(events, part)));
  const n = Math.max(whole, part) / size;
  const p = Math.min(1, part / whole);
  const centre = p + z ** 2 / (2 * n);
  const spread = z * Math.sqrt((p * (1 - p)) / n + z ** 2 / (4 * n ** 2));
  return Math.max(0, (centre - spread) / (1 + z ** 2 / n));
}
