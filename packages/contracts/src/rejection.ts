/**
 * Thrown when trying again can never help: a malformed message, an unknown pool, a deadline that has passed.
 * The bus copies the message to the dead letters and terminates it. Every other throw means "may succeed later".
 */
export class Rejection extends Error {
  override readonly name = 'Rejection';
  /** Stable, kebab-case, low in cardinality: alerts group by it. */
  readonly code: string;
  /** Dotted path of the field at fault, where there is one. */
  readonly field: string | undefined;

  constructor(code: string, message: string, options: { field?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.field = options.field;
  }
}
