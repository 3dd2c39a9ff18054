/** Claims about livekit-server itself, by its own word. */
import { joined } from '../diagnosis/look.js';
import { list } from '../diagnosis/words.js';
import { isPlain, type Line, type Looks } from './section.js';

const release = /^\d+\.\d+\.\d+$/;

export function serverLines({ first, others }: Looks): Line[] {
  const joins = [first, ...others].flatMap((one) => joined(one) ?? []);
  const versions = [...new Set(joins.map(({ serverVersion }) => serverVersion))];
  const regions = [...new Set(joins.map(({ region }) => region))];
  const [version = ''] = versions;
  const [region = ''] = regions;
  return [
    ...(release.test(version) ? [versionLine(version, versions)] : []),
    ...(isPlain(region) ? [regionLine(region, regions)] : []),
  ];
}

function versionLine(version: string, versions: readonly string[]): Line {
  const says = `livekit-server ${list(versions)} answered. "~" takes its later patches too; other ranges are written as for npm.`;
  return { key: 'version', value: `~${version}`, says, doubted: versions.length > 1 };
}

function regionLine(region: string, regions: readonly string[]): Line {
  const several = regions.length > 1;
  const says = `The region that the server says it is in (\`region\`)${several ? `, one of ${list(regions.map((one) => one || 'none'))}` : ''}.`;
  return { key: 'region', value: region, says, doubted: several };
}
