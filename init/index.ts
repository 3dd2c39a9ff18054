/** A first `livekit-doctor.yaml`, from what was seen of a deployment. */
export { claimsFrom, furtherClaims } from './claims.js';
export { insertAt, placeForMore } from './further.js';
export { nameFrom } from './name.js';
export { unproven } from './paths.js';
export { type Looks, somebodyJoined } from './section.js';
