/** What so many trials prove about how often something happens. */

/** That a bound is right. */
const confidence = 0.95;

/**
 * The most that a rate can be, 0 to 1, after `events` in so many independent `trials`, with one-sided confidence of 95 %:
 * the rule of three where there were none (Hanley and Lippman-Hand, JAMA 1983), else exact (Clopper and Pearson,
 * Biometrika 1934). 1 where nothing was tried.
 */
export function upperBound(events: number, trials: number): number {
  if (trials <= 0 || events >= trials) return 1;
  if (events === 0) return Math.min(1, 3 / trials);
  let [low, high] = [events / trials, 1];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (atMost(events, trials, middle) > 1 - confidence) low = middle;
    else high = middle;
  }
  return high;
}

/** Probability of at most so many events, each trial with the same `rate`. Logarithms, since the terms are tiny. */
function atMost(events: number, trials: number, rate: number): number {
  let logTerm = trials * Math.log1p(-rate);
  let sum = Math.exp(logTerm);
  for (let count = 1; count <= events; count++) {
    logTerm += Math.log((trials - count + 1) / count) + Math.log(rate) - Math.log1p(-rate);
    sum += Math.exp(logTerm);
  }
  return sum;
}
