import { type Histogram, context as otelContext, SpanStatusCode } from '@opentelemetry/api';
import { type ConsumerDefinition, type DomainEvent, decodeEvent, Rejection } from '@rangeward/contracts';
import type { Broker } from './broker.ts';
import type { Cause, Handler, MessageContext } from './bus.ts';
import type { ClaimAnswer, Claims, FirstAnswer } from './claim-work.ts';
import { HAND_BACK_MS } from './consumption.ts';
import { deadLetterOf } from './dead-letter.ts';
import type { Delivery } from './delivery.ts';
import type { NotifyError } from './error-notice.ts';
import type { Route } from './find-handler.ts';
import { templateOfSubject } from './find-handler.ts';
import { headersOf, type IncomingMessage, readMessage } from './incoming-message.ts';
import { deliveriesToGiveUp } from './provision.ts';
import type { PublishEvent } from './publish-event.ts';
import { quickHeaders } from './quick-headers.ts';
import { describeError, type Outcome, settle, type Tries, type Verdict, type Why } from './settle.ts';
import { createProcessAttributes, startProcess } from './trace.ts';

/** What handling a message needs, closed over once for each consumer. */
export type Handling = {
  readonly broker: Broker;
  readonly consumer: ConsumerDefinition;
  readonly findHandler: (subject: string) => Route;
  readonly claims: Claims;
  readonly publish: PublishEvent;
  readonly notifyError: NotifyError;
  readonly scrub: (text: string) => string;
  /** A broken invariant: the process should end, the message stays unacknowledged. */
  readonly onBroken: (error: unknown) => void;
  readonly histogram: Histogram;
  readonly signal: AbortSignal;
};

/** Handles one delivery and settles it. Never throws. */
export function createHandleMessage(handling: Handling): (delivery: Delivery) => Promise<void> {
  const attributesOf = createProcessAttributes(handling.consumer.durable);
  const failures = createFailureCount();
  return async (delivery) => {
    const startedMs = performance.now();
    const quick = quickHeaders(delivery);
    const message = readMessage({
      subject: delivery.subject,
      headers: quick === undefined ? headersOf(() => delivery.headers) : undefined,
      quick,
      body: delivery.data,
      stream: handling.consumer.stream,
      sequence: delivery.seq,
      storedAtNs: delivery.timestampNanos,
    });
    const template = templateOfSubject(message.subject);
    const processing = startProcess(template, message, handling.consumer.durable);
    const verdict = await otelContext.with(processing.context, async () => {
      const outcome = await outcomeOf(handling, delivery, message);
      const judged = settle(outcome, triesOf(handling, delivery, message, failures.count(message.id, outcome)));
      await carryOut(handling, delivery, message, judged, outcome).catch((error: unknown) => {
        // Not settled: the broker delivers it again after its ack wait.
        handling.broker.log.error({ ...describeError(error), id: message.id }, 'a message could not be settled');
      });
      return judged;
    });
    if (verdict.kind === 'dead-letter' || verdict.kind === 'ack') failures.forget(message.id);
    if (verdict.kind !== 'ack' && 'why' in verdict && processing.span.isRecording()) {
      processing.span.setStatus({ code: SpanStatusCode.ERROR, message: handling.scrub(verdict.why.message) });
      processing.span.setAttribute('error.type', verdict.why.code);
    }
    processing.span.end();
    handling.histogram.record((performance.now() - startedMs) / 1_000, attributesOf(template, verdict.kind));
  };
}

/**
 * Finds the handler, claims the work, reads the event and does it. The event is read, and the handler of an eager
 * consumer begun, while the inbox is still being asked.
 */
async function outcomeOf(handling: Handling, delivery: Delivery, message: IncomingMessage): Promise<Outcome> {
  const { consumer, claims } = handling;
  const needsClaim = consumer.repeatable !== true || delivery.redelivered;
  let asked: Promise<FirstAnswer> | undefined;
  let claimed = false;
  try {
    if (message.unreadable)
      throw new Rejection('bad-header', 'the headers cannot be read: a name or a value in them is none');
    const { handler, signed } = handling.findHandler(message.subject);
    if (handler.kind === 'ignore-others') return { kind: 'already-done' };
    if (signed !== undefined) handling.broker.signing?.verify(signed, message);
    if (needsClaim) {
      asked = claims.ask(message.id);
      // Lets the question out before what takes the processor.
      await nextTurn();
    }
    const event = handler.kind === 'event' ? decodeEvent(handler.definition, message) : undefined;
    const work = (gate?: Promise<FirstAnswer>) => {
      const context = createContext(handling, delivery, message, event, gate);
      return doWork(handler, message, event, context);
    };
    const early = consumer.eager === true && !delivery.redelivered ? asked && endOf(work(asked)) : undefined;
    let answer: FirstAnswer | ClaimAnswer = asked === undefined ? 'claimed' : await asked;
    const inTime = answer === 'claimed';
    // Nothing of what was begun too early was said.
    if (!inTime) await early;
    if (answer === 'not-now') answer = await claims.take(message.id);
    if (answer === 'done') return { kind: 'already-done' };
    if (answer === 'handed-back') return { kind: 'handed-back' };
    claimed = needsClaim;
    const end = inTime && early !== undefined ? await early : await endOf(work());
    if (end.failed) throw end.error;
    if (!claimed) return { kind: 'returned' };
    return (await claims.done(message.id, consumer.eager === true)) ? { kind: 'returned' } : { kind: 'handed-back' };
  } catch (error) {
    if (claimed || (await asked) === 'claimed') await claims.release(message.id);
    return handling.signal.aborted ? { kind: 'handed-back' } : { kind: 'threw', error };
  }
}

type End = { readonly failed: false } | { readonly failed: true; readonly error: unknown };

/** How it ended; never throws, so that it may be looked at later. */
function endOf(work: Promise<void>): Promise<End> {
  return work.then(
    () => ({ failed: false }),
    (error: unknown) => ({ failed: true, error }),
  );
}

async function doWork(
  handler: Handler,
  message: IncomingMessage,
  event: DomainEvent | undefined,
  context: MessageContext,
): Promise<void> {
  if (handler.kind === 'event' && event !== undefined) await handler.handle(event, context);
  if (handler.kind === 'raw') {
    const { subject, headers, body, id, storedAtNs } = message;
    await handler.handle({ subject, headers, body, id, receivedAtMs: Number(storedAtNs / 1_000_000n) }, context);
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function createContext(
  handling: Handling,
  delivery: Delivery,
  message: IncomingMessage,
  event: DomainEvent | undefined,
  gate: Promise<FirstAnswer> | undefined,
): MessageContext {
  const runId = event?.envelope.correlationId;
  const cause: Cause = { causationId: message.id, ...(runId ? { correlationId: runId } : {}) };
  const granted = gate && (async () => (await gate) === 'claimed');
  return {
    attempt: delivery.info.deliveryCount,
    signal: handling.signal,
    publish: (definition, data, own) =>
      handling.publish(definition, data, { ...cause, ...own }, { headers: message.headers, granted }),
  };
}

function triesOf(handling: Handling, delivery: Delivery, message: IncomingMessage, failures: number): Tries {
  const { consumer, broker } = handling;
  return {
    failures,
    deliveries: delivery.info.deliveryCount,
    ageMs: broker.now() - Number(message.storedAtNs / 1_000_000n),
    maxFailures: consumer.maxAttempts,
    maxDeliveries: deliveriesToGiveUp(consumer),
    firstDelayMs: consumer.retryFirstMs ?? 1_000,
    ...(consumer.retryMostMs === undefined ? {} : { longestDelayMs: consumer.retryMostMs }),
  };
}

async function carryOut(
  handling: Handling,
  delivery: Delivery,
  message: IncomingMessage,
  verdict: Verdict,
  outcome: Outcome,
): Promise<void> {
  switch (verdict.kind) {
    case 'ack':
      if (handling.consumer.doubleAck === true) await delivery.ackAck();
      else delivery.ack();
      return;
    case 'hand-back':
      return delivery.nak(HAND_BACK_MS);
    case 'retry':
      return await retry(handling, delivery, message, verdict);
    case 'dead-letter':
      return await giveUp(handling, delivery, message, verdict.reason, verdict.why);
    case 'crash': {
      const why = { ...verdict.why, message: handling.scrub(verdict.why.message) };
      handling.broker.log.fatal({ ...why, ...namesOf(handling, message) }, 'a broken invariant: this process ends');
      await handling.notifyError('broken', verdict.why, message, delivery.info.deliveryCount);
      handling.onBroken(outcome.kind === 'threw' ? outcome.error : undefined);
      return;
    }
  }
}

async function retry(
  handling: Handling,
  delivery: Delivery,
  message: IncomingMessage,
  verdict: Extract<Verdict, { kind: 'retry' }>,
): Promise<void> {
  const attempt = delivery.info.deliveryCount;
  const why = { ...verdict.why, message: handling.scrub(verdict.why.message) };
  delivery.nak(verdict.delayMs);
  const fields = { ...why, ...namesOf(handling, message), attempt, delayMs: verdict.delayMs };
  handling.broker.log.warn(fields, 'a message failed and is tried again');
  // The first failure is often the last: it is told when the second try fails too, and then ever more seldom.
  if (attempt >= 2 && Number.isInteger(Math.log2(attempt)))
    await handling.notifyError('retrying', verdict.why, message, attempt);
}

/** The copy first, then the end of the original: a message is never in neither place. */
async function giveUp(
  handling: Handling,
  delivery: Delivery,
  message: IncomingMessage,
  reason: 'rejected' | 'given-up',
  original: Why,
): Promise<void> {
  const { broker, consumer } = handling;
  const attempts = delivery.info.deliveryCount;
  const why = { ...original, message: handling.scrub(original.message) };
  broker.log.error({ ...why, ...namesOf(handling, message), reason, attempts }, 'a message became a dead letter');
  // A dead letter of a dead letter would be one more of the same for ever.
  if (consumer.stream !== 'LP_DLQ') {
    const time = new Date(broker.now()).toISOString();
    const about = { ...why, reason, consumer: consumer.durable, service: consumer.service, attempts, time };
    try {
      await broker.publisher.publish(deadLetterOf(message, about));
    } catch (error) {
      broker.log.error({ ...describeError(error), id: message.id }, 'a dead letter could not be written: tried again');
      return delivery.nak(5_000);
    }
  }
  delivery.term();
  await handling.notifyError(reason, original, message, attempts);
}

function namesOf(handling: Handling, message: IncomingMessage): object {
  const runId = message.headers['ce-correlationid'];
  return {
    consumer: handling.consumer.durable,
    subject: message.subject,
    eventId: message.id,
    ...(runId ? { runId } : {}),
  };
}

/** Failures of messages that are still to be tried, in this process. Bounded: the oldest are forgotten first. */
function createFailureCount() {
  const counts = new Map<string, number>();
  return {
    count(id: string, outcome: Outcome): number {
      if (outcome.kind !== 'threw') return 0;
      const failures = (counts.get(id) ?? 0) + 1;
      counts.set(id, failures);
      const oldest = counts.keys().next().value;
      if (counts.size > 10_000 && oldest !== undefined) counts.delete(oldest);
      return failures;
    },
    forget(id: string): void {
      if (counts.size > 0) counts.delete(id);
    },
  };
}
