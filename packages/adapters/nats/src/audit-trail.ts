import { JetStreamApiCodes, JetStreamApiError, type StoredMsg } from '@nats-io/jetstream';
import { type AuditEntry, type AuditFact, audit, decodeEvent, encodeEvent, nextAuditEntry } from '@rangeward/contracts';
import type { Broker } from './broker.ts';
import { headersOf, readHeaders } from './incoming-message.ts';
import { PublishError, WRONG_LAST_SEQUENCE } from './publisher.ts';

const STREAM = 'LP_AUDIT';
const SUBJECTS = 'lp.v1.audit.>';
/** So many writers in a row may be quicker; each of them has written, so the trail never stands still. */
const MOST_ATTEMPTS = 100;

/**
 * Appends to the one audit trail that all processes share, and returns the entry as it stands. The broker takes an entry
 * only while the one it was chained to is the last; whoever comes second chains to the winner and tries again.
 * Throws when the broker does not answer: what must not happen unseen waits for this call.
 */
export async function appendAudit(broker: Broker, fact: AuditFact): Promise<AuditEntry> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const last = await lastEntry(broker);
    const entry = nextAuditEntry(last?.entry ?? null, fact);
    try {
      await publishAfter(broker, entry, last?.streamSequence ?? 0);
      return entry;
    } catch (error) {
      if (!(error instanceof PublishError) || error.code !== String(WRONG_LAST_SEQUENCE)) throw error;
      // The refusal may be of our own message, sent a second time because the first answer was lost.
      if (await isWritten(broker, entry)) return entry;
    }
  }
  throw new Error(`the audit trail took another entry first ${MOST_ATTEMPTS} times`);
}

/** Every entry, oldest first. Throws a Rejection for a message that is no entry, naming the field at fault. */
export async function* readAudit(broker: Broker): AsyncGenerator<AuditEntry> {
  for (let next = 1; ; ) {
    const stored = await fetchMessage(broker, { seq: next, next_by_subj: SUBJECTS });
    if (stored === null) return;
    yield entryOf(stored);
    next = stored.seq + 1;
  }
}

type Standing = { readonly entry: AuditEntry; readonly streamSequence: number };

async function lastEntry(broker: Broker): Promise<Standing | null> {
  const stored = await fetchMessage(broker, { last_by_subj: SUBJECTS });
  return stored === null ? null : { entry: entryOf(stored), streamSequence: stored.seq };
}

async function isWritten(broker: Broker, entry: AuditEntry): Promise<boolean> {
  for (let standing = await lastEntry(broker); standing !== null; ) {
    if (standing.entry.hash === entry.hash) return true;
    if (standing.entry.sequence <= entry.sequence || standing.streamSequence <= 1) return false;
    const stored = await fetchMessage(broker, { seq: standing.streamSequence - 1 });
    standing = stored === null ? null : { entry: entryOf(stored), streamSequence: stored.seq };
  }
  return false;
}

async function publishAfter(broker: Broker, entry: AuditEntry, streamSequence: number): Promise<void> {
  const message = encodeEvent(audit, entry, { source: `rangeward/${broker.service}`, time: entry.at });
  await broker.publisher.publish({
    subject: message.subject,
    body: message.body,
    headers: {
      'Nats-Msg-Id': message.id,
      'Nats-Expected-Last-Sequence': String(streamSequence),
      ...message.headers,
    },
  });
}

type Query = { seq: number } | { seq: number; next_by_subj: string } | { last_by_subj: string };

async function fetchMessage(broker: Broker, query: Query): Promise<StoredMsg | null> {
  try {
    return await broker.jsm.streams.getMessage(STREAM, query);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound) return null;
    throw error;
  }
}

function entryOf(stored: StoredMsg): AuditEntry {
  const headers = readHeaders(headersOf(() => stored.header) ?? undefined);
  return decodeEvent(audit, { subject: stored.subject, headers, body: stored.data }).data;
}
