/** A recording that cannot be used. The message says file, line and what was expected there. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}

/** Whether the file system has no such file. */
export function isMissingFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
