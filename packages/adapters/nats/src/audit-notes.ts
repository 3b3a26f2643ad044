import { setTimeout as pause } from 'node:timers/promises';
import type { AuditEntry, AuditFact } from '@rangeward/contracts';
import { appendAudit } from './audit-trail.ts';
import type { Broker } from './broker.ts';

/** What is to be written down; who writes it and when is filled in. */
export type AuditNote = Pick<AuditFact, 'actor' | 'action' | 'reason'> & {
  readonly outcome?: AuditFact['outcome'];
  /** Names and values that belong to it. */
  readonly detail?: Readonly<Record<string, string | number | bigint | null | undefined>>;
};

/**
 * The audit trail as a service or a command writes it. `note` is for what must not wait for the broker, a stop above all:
 * it is written in the background, in order, tried until it stands. `write` is for what must not happen unseen.
 */
export type AuditNotes = {
  note(note: AuditNote): void;
  /** Returns the entry as it stands in the chain. Throws when the broker does not take it. */
  write(note: AuditNote): Promise<AuditEntry>;
  /** Waits for what is still to be written, no longer than so; what is not is told to the log. */
  close(withinMs: number): Promise<void>;
};

/** More would mean that the broker has been away for long; what is too much is told to the log. */
const MOST_WAITING = 1_000;
const LONGEST_PAUSE_MS = 5_000;

export function openAuditNotes(broker: Broker, source: AuditFact['source']): AuditNotes {
  const waiting: AuditFact[] = [];
  const ending = new AbortController();
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    for (let pauseMs = 100; waiting[0] !== undefined; ) {
      try {
        await appendAudit(broker, waiting[0]);
        waiting.shift();
        pauseMs = 100;
      } catch (error) {
        if (ending.signal.aborted) return;
        broker.log.warn({ err: error, waiting: waiting.length }, 'the audit trail takes no entry now; tried again');
        await pause(pauseMs, undefined, { signal: ending.signal }).catch(() => {});
        pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
      }
    }
  }

  const factOf = (note: AuditNote): AuditFact => toFact(note, source, new Date(broker.now()).toISOString());
  return {
    note(note) {
      const fact = factOf(note);
      broker.log.info({ audit: fact }, `audit: ${fact.action} ${fact.outcome}`);
      if (waiting.length >= MOST_WAITING) return broker.log.error({ audit: fact }, 'the audit trail missed an entry');
      waiting.push(fact);
      writing ??= writeAll().finally(() => {
        writing = undefined;
      });
    },
    write: (note) => appendAudit(broker, factOf(note)),
    async close(withinMs) {
      const bound = new AbortController();
      await Promise.race([writing, pause(withinMs, undefined, { signal: bound.signal }).catch(() => {})]);
      bound.abort();
      ending.abort();
      for (const fact of waiting) broker.log.error({ audit: fact }, 'the audit trail missed an entry');
    },
  };
}

function toFact(note: AuditNote, source: AuditFact['source'], at: string): AuditFact {
  const detail = Object.entries(note.detail ?? {}).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [{ name: cut(name, 100), value: cut(String(value), 1_000) }],
  );
  return {
    source,
    actor: cut(note.actor, 200),
    action: note.action,
    outcome: note.outcome ?? 'done',
    reason: cut(note.reason, 1_000),
    detail: detail.slice(0, 50),
    at,
  };
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
