import { setTimeout as pause } from 'node:timers/promises';
import { createInbox, type Msg } from '@nats-io/transport-node';
import type { ConsumerDefinition } from '@rangeward/contracts';
import type { Broker } from './broker.ts';
import { inboxPrefix } from './connect.ts';
import { type Delivery, deliveryOf } from './delivery.ts';

/** What arrives for a consumer, message by message. */
export type Arrivals = AsyncIterable<Delivery> & {
  /** Why nothing arrives now; undefined when the server serves us. */
  trouble(): string | undefined;
  stop(): void;
};

/** One question to the server, and what came of it so far. */
type Round = {
  readonly reply: string;
  readonly batch: number;
  readonly got: Delivery[];
  heardAtMs: number;
  end(refused?: string): void;
};

const NS_PER_MS = 1_000_000;
const HEARTBEAT_MS = 1_000;
const LONGEST_SILENCE_MS = 2_500;
const WAIT_MS = 10_000;

/**
 * Lets messages gather at the server: waits for one, and `gatherMs` after it takes all that have come since. For work that nobody waits for: a process that is woken for each message of a run takes the
 * processor from the run itself.
 */
export function gatherArrivals(broker: Broker, consumer: ConsumerDefinition, gatherMs: number): Arrivals {
  const { ask, trouble, close, closed } = openRounds(broker, consumer);
  const batch = Math.max(consumer.concurrency, 100);
  const one = { batch: 1, expires: WAIT_MS * NS_PER_MS, idle_heartbeat: HEARTBEAT_MS * NS_PER_MS };
  const all = { batch, no_wait: true };

  async function* arrive(): AsyncGenerator<Delivery, void> {
    while (!closed()) {
      const first = await ask(one);
      if (first.length > 0) await pause(gatherMs);
      let more = first.length > 0 ? await ask(all) : [];
      yield* first;
      for (; more.length === batch; more = await ask(all)) yield* more;
      yield* more;
    }
  }
  return { [Symbol.asyncIterator]: arrive, trouble, stop: close };
}

/** Asks the server for messages, one question at a time; a question that is refused or not answered gives none. */
function openRounds(broker: Broker, { stream, durable }: ConsumerDefinition) {
  const { nc, log } = broker;
  const inbox = createInbox(inboxPrefix(broker.service));
  const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`;
  // Came after its question was given up.
  const late: Delivery[] = [];
  const closing = new AbortController();
  let round: Round | undefined;
  let asked = 0;
  let trouble: string | undefined;

  const say = (found: string | undefined) => {
    if (found !== undefined && trouble === undefined)
      log.warn({ consumer: durable, trouble: found }, 'nothing arrives');
    trouble = found;
  };
  const subscription = nc.subscribe(`${inbox}.*`, {
    callback: (error, message) => {
      if (error) return round?.end(error.message);
      if (message.subject.startsWith(inbox)) return hearStatus(round, message, say);
      (round?.got ?? late).push(deliveryOf(nc, message));
      if (round !== undefined && round.got.length >= round.batch) round.end();
    },
  });
  const watch = setInterval(() => {
    if (round === undefined || performance.now() - round.heardAtMs < LONGEST_SILENCE_MS) return;
    round.end('the server does not answer the pull');
  }, 500);
  void followReconnects(broker, () => round?.end());

  const ask = async (request: { readonly batch: number }): Promise<Delivery[]> => {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const reply = `${inbox}.${++asked}`;
    const mine: Round = {
      reply,
      batch: request.batch,
      got: late.splice(0),
      heardAtMs: performance.now(),
      end: resolve,
    };
    round = mine;
    if (nc.isClosed() || closing.signal.aborted) resolve(undefined);
    else nc.publish(subject, JSON.stringify(request), { reply });
    const refused = await promise;
    round = undefined;
    say(refused);
    if (refused !== undefined) await pause(HEARTBEAT_MS, undefined, { signal: closing.signal }).catch(() => {});
    return mine.got;
  };
  const close = () => {
    closing.abort();
    clearInterval(watch);
    if (!nc.isClosed()) subscription.unsubscribe();
    round?.end();
  };
  return { ask, close, closed: () => closing.signal.aborted || nc.isClosed(), trouble: () => trouble };
}

function hearStatus(round: Round | undefined, status: Msg, say: (trouble: undefined) => void): void {
  // Of a question that was given up.
  if (round === undefined || status.subject !== round.reply) return;
  round.heardAtMs = performance.now();
  const { code = 0, description = 'no reason given' } = status.headers ?? {};
  if (code === 100) say(undefined);
  // There is nothing, or no more.
  else if (code === 404 || code === 408) round.end();
  else if (code === 503) round.end('the server does not know the consumer');
  else round.end(`the server refuses the pull: ${description}`);
}

/** A question that was on its way when the connection was lost is asked again. */
async function followReconnects(broker: Broker, again: () => void): Promise<void> {
  for await (const { type } of broker.nc.status()) if (type === 'reconnect') again();
}
