/** Codes that explain what happens at a port for media, whatever the port. */

/** A refusal is an answer: somebody is there, and it is not the media. */
export const beforeRefusal = [
  'vantage-offline',
  'kubernetes-no-endpoints',
  'kubernetes-service-pending',
  'kubernetes-node-ip-stale',
  'kubernetes-config-not-loaded',
  'media-address-private',
  'media-address-wrong',
] as const;

/** Silence has more causes than a refusal: the vantage, the way there, and addresses at which nothing is. */
export const beforeSilence = [
  ...beforeRefusal,
  'vantage-starved',
  'ipv6-unreachable',
  'media-address-silent',
  'hairpin-missing',
] as const;
