/** Reads protobuf of strangers: a message of 4 MB may hold two million participants, each of which becomes an object. */
import { BinaryReader } from '@bufbuild/protobuf';

/** A room of thousands has fewer. */
const mostFields = 100_000;

/** Throws where a message has more fields, at any depth, than anybody needs. */
class BoundedReader extends BinaryReader {
  #fields = 0;

  override tag(): ReturnType<BinaryReader['tag']> {
    this.#fields += 1;
    if (this.#fields > mostFields) throw new RangeError(`more than ${mostFields} fields`);
    return super.tag();
  }
}

/** For `fromBinary`. */
export const bounded = { readUnknownFields: false, readerFactory: (bytes: Uint8Array) => new BoundedReader(bytes) };
