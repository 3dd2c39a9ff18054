import { ConfigurationError } from '../../environment/environment.js';

/** The message of the `ConfigurationError` that a promise ends in. */
export async function complaint(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  return error instanceof ConfigurationError ? error.message : `not refused: ${String(error)}`;
}
