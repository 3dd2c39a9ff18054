/** Who answers: the URL, what stands in front of LiveKit, and LiveKit itself. */
import { joined, signalling } from '../look.js';
import { type Compare, differs } from './change.js';

export const server: Compare = (before, after) => {
  const [was, is] = [joined(before), joined(after)];
  return [
    ...differs('url', 'url', before.url, after.url),
    ...differs('front', 'signalling', frontOf(before), frontOf(after)),
    ...differs('server-version', 'server', was?.serverVersion, is?.serverVersion),
    ...differs('edition', 'server', was?.edition, is?.edition),
    ...differs('region', 'server', was?.region, is?.region),
  ];
};

/** Of itself this is no change: with several nodes another one answers each time, and each start makes a new name. */
export const node: Compare = (before, after) =>
  differs('node', 'server', joined(before)?.nodeId, joined(after)?.nodeId);

const frontOf = (evidence: Parameters<Compare>[0]): string | undefined => signalling(evidence)?.facts.health?.server;
