/** The same promise, whose rejection is no unhandled one where nobody waits for it. */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
