import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ConfigurationError } from './environment.js';

const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates of a PEM file, as PEM. Throws a `ConfigurationError` that begins with `shown`. */
export async function readCertificates(path: string, shown: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such file' : `cannot be read (${error.code})`;
    throw new ConfigurationError(`${shown}: ${why}`);
  });
  const blocks = text.match(block) ?? [];
  if (blocks.length === 0) throw new ConfigurationError(`${shown}: holds no certificate, expected PEM`);
  for (const [i, pem] of blocks.entries()) {
    try {
      new X509Certificate(pem);
    } catch {
      throw new ConfigurationError(`${shown}: certificate ${i + 1} of ${blocks.length} cannot be read`);
    }
  }
  return `${blocks.join('\n')}\n`;
}
