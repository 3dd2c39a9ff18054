/** What was handed over is not a run document that this version can read. The message is for people, on one line. */
export class RunDocumentError extends Error {
  override readonly name = 'RunDocumentError';
}
