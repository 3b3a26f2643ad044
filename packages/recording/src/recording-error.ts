/** A recording that cannot be used. The message says file, line and what was expected there. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';

  constructor(message: string) {
    // It quotes a file that anybody may have made, and is read on a terminal.
    super(message.replace(/[\p{Cc}\p{Cf}\uFFFD]/gu, '?'));
  }
}

/** Whether the file system has no such file. */
export function isMissingFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
