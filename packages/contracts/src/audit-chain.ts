import { hash } from 'node:crypto';
import type { AuditEntry } from './events/audit.ts';
import { canonicalJson } from './plan-id.ts';

/** What stands before the first entry. */
const BEGINNING = '0'.repeat(64);

export type AuditFact = Omit<AuditEntry, 'sequence' | 'previousHash' | 'hash'>;

/** The entry that follows `last`, or the first one. */
export function nextAuditEntry(last: Pick<AuditEntry, 'sequence' | 'hash'> | null, fact: AuditFact): AuditEntry {
  const entry = { ...fact, sequence: (last?.sequence ?? 0) + 1, previousHash: last?.hash ?? BEGINNING };
  return { ...entry, hash: hashOf(entry) };
}

export type AuditVerdict = {
  readonly entries: number;
  /** Hash of the last sound entry: whoever wrote it down elsewhere sees whether the trail was cut off. */
  readonly head: string;
  /** The first entry that does not follow, and why; null when all do. */
  readonly broken: { readonly sequence: number; readonly reason: string } | null;
};

/**
 * Whether every entry is as it was written and follows the one before. An entry that was changed, left out, put in or
 * moved breaks the chain; entries cut off at the end do not, which is why the head is told. Oldest first.
 */
export function verifyAuditChain(entries: Iterable<AuditEntry>): AuditVerdict {
  let last = { sequence: 0, hash: BEGINNING };
  for (const entry of entries) {
    const reason = faultOf(entry, last);
    const broken = reason === null ? null : { sequence: entry.sequence, reason };
    if (broken !== null) return { entries: last.sequence, head: last.hash, broken };
    last = entry;
  }
  return { entries: last.sequence, head: last.hash, broken: null };
}

function faultOf(entry: AuditEntry, last: { readonly sequence: number; readonly hash: string }): string | null {
  if (entry.sequence !== last.sequence + 1) return `is number ${entry.sequence} after number ${last.sequence}`;
  if (entry.previousHash !== last.hash) return 'does not hold the hash of the entry before it';
  const { hash: written, ...rest } = entry;
  return hashOf(rest) === written ? null : 'was changed: its content does not fit its hash';
}

/** An entry is text and numbers only, so its memory form is its wire form. */
function hashOf(entry: Omit<AuditEntry, 'hash'>): string {
  return hash('sha256', canonicalJson(entry));
}
