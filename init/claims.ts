/**
 * From what was seen of a deployment to a first `livekit-doctor.yaml`. What worked is claimed; what did not, and what
 * one look cannot tell, is written as a comment, so that nothing that is broken is written down as a promise.
 */
import { hostOf } from '../environment/host.js';
import { mediaLines } from './media.js';
import { addressLine, minDaysLine } from './names.js';
import { pathLines } from './paths.js';
import { dateOf, type Looks, type Section } from './section.js';
import { serverLines } from './server.js';
import { turnLines } from './turn.js';
import { documentOf, environmentsOf } from './yaml.js';

export interface Written {
  /** Of the environment. */
  readonly name: string;
  /** Which `LIVEKIT_…` variables the credentials come from, or which project of LiveKit's own command line. */
  readonly auth: 'key' | 'token' | { readonly project: string };
  /** Path of a private CA, from the file's folder. */
  readonly ca?: string;
  /** Of livekit-doctor. */
  readonly version: string;
}

/** A whole file with one environment. */
export function claimsFrom(looks: Looks, written: Written): string {
  const heading =
    'What "livekit-doctor check" holds a deployment against. This is what was seen, so correct it to what shall hold. All but the URL may go: what is not claimed is only observed.';
  return documentOf(heading, entryOf(looks, written));
}

/** The same environment, as a further one for a file that is there: without a heading, in lines of that indentation. */
export function furtherClaims(looks: Looks, written: Written, indent: number): string {
  return environmentsOf(entryOf(looks, written), indent);
}

function entryOf(looks: Looks, { name, auth, ca, version }: Written) {
  const { first, startedAt } = looks;
  const { depth } = first.asked;
  return {
    name,
    says: `Seen by "livekit-doctor init --depth ${depth}", version ${version}, on ${dateOf(startedAt)}.`,
    url: first.url.replace(/\/$/, ''),
    sections: [authSection(auth), ...claimed(looks, ca)].filter(({ lines }) => lines.length > 0),
  };
}

function authSection(auth: Written['auth']): Section {
  if (typeof auth === 'object') {
    const says = "A project of LiveKit's own command line, where the check is run (`lk project list`).";
    return { key: 'auth', lines: [{ key: 'project', value: auth.project, says }] };
  }
  const says = 'Variables of the environment in which it is run: no secret belongs into this file.';
  const reference = (name: string): string => `\${${name}}`;
  const lines =
    auth === 'token'
      ? [{ key: 'token', value: reference('LIVEKIT_TOKEN'), says }]
      : [
          { key: 'apiKey', value: reference('LIVEKIT_API_KEY'), says },
          { key: 'apiSecret', value: reference('LIVEKIT_API_SECRET'), says: '' },
        ];
  return { key: 'auth', lines };
}

function claimed(looks: Looks, ca: string | undefined): Section[] {
  const { first } = looks;
  const caLine = { key: 'ca', value: ca ?? '', says: 'The private CA that signs the certificates of this deployment.' };
  return [
    { key: 'tls', lines: [...(ca === undefined ? [] : [caLine]), ...minDaysLine(looks)] },
    {
      key: 'dns',
      lines: addressLine(
        first,
        hostOf(new URL(first.url)),
        'signal',
        'the ingress, or the load balancer in front of it',
      ),
    },
    { key: 'media', lines: mediaLines(looks) },
    { key: 'turn', lines: turnLines(looks) },
    { key: 'paths', lines: pathLines(looks) },
    { key: 'server', lines: serverLines(looks) },
  ];
}
