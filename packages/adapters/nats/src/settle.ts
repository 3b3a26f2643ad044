import { AssertionError } from 'node:assert';
import { Rejection } from '@rangeward/contracts';

/** What became of one delivery. */
export type Outcome =
  /** The handler returned, and the inbox knows it. */
  | { readonly kind: 'returned' }
  /** The inbox says that this work was done before. */
  | { readonly kind: 'already-done' }
  /** The process drains; whatever the handler said, somebody else begins anew. */
  | { readonly kind: 'handed-back' }
  | { readonly kind: 'threw'; readonly error: unknown };

export type Tries = {
  /** Failures of this message in this process, the present one included. */
  readonly failures: number;
  /** Deliveries by the broker to all processes, the present one included. */
  readonly deliveries: number;
  readonly ageMs: number;
  readonly maxFailures: number;
  readonly maxDeliveries: number;
  /** Pause after the first failure; doubles with each further one. */
  readonly firstDelayMs: number;
  /** Longest pause; a minute unless told. */
  readonly longestDelayMs?: number;
};

export type Verdict =
  | { readonly kind: 'ack' }
  | { readonly kind: 'hand-back' }
  | { readonly kind: 'dead-letter'; readonly reason: 'rejected' | 'given-up'; readonly why: Why }
  | { readonly kind: 'retry'; readonly delayMs: number; readonly why: Why }
  | { readonly kind: 'crash'; readonly why: Why };

export type Why = { readonly code: string; readonly message: string; readonly field?: string };

const LONGEST_DELAY_MS = 60_000;
const GIVE_UP_AGE_MS = 3_600_000;

/**
 * The whole of error handling. An ordinary answer is acknowledged. What can never succeed is a dead letter at once;
 * what may succeed later is tried again, until it failed often enough, or twice and is an hour old; a broken invariant
 * is our own fault and ends the process. Whatever we do not know is tried again.
 */
export function settle(outcome: Outcome, tries: Tries): Verdict {
  switch (outcome.kind) {
    case 'returned':
    case 'already-done':
      return { kind: 'ack' };
    case 'handed-back':
      return { kind: 'hand-back' };
    case 'threw':
      return settleThrown(outcome.error, tries);
  }
}

function settleThrown(error: unknown, tries: Tries): Verdict {
  const why = describeError(error);
  if (error instanceof Rejection) return { kind: 'dead-letter', reason: 'rejected', why };
  if (error instanceof AssertionError) return { kind: 'crash', why };
  const spent = tries.failures >= tries.maxFailures || tries.deliveries >= tries.maxDeliveries;
  if (spent || (tries.failures >= 2 && tries.ageMs >= GIVE_UP_AGE_MS)) {
    return { kind: 'dead-letter', reason: 'given-up', why };
  }
  const delayMs = Math.min(tries.firstDelayMs * 2 ** (tries.failures - 1), tries.longestDelayMs ?? LONGEST_DELAY_MS);
  return { kind: 'retry', delayMs, why };
}

/** A stable name of the cause, kebab-case and at most 64 letters, with the text for a person. */
export function describeError(error: unknown): Why {
  if (error instanceof Rejection) {
    const field = error.field === undefined ? {} : { field: error.field };
    return { code: kebab(error.code), message: error.message, ...field };
  }
  if (!(error instanceof Error)) return { code: 'unknown', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return { code: code === 'Error' ? 'handler-error' : kebab(code), message: error.message };
}

function kebab(name: string): string {
  const spaced = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
  const trimmed = spaced
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 64);
  return trimmed === '' ? 'unknown' : trimmed;
}
