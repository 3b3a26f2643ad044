import type { JsMsg } from '@nats-io/jetstream';
import type { Msg, NatsConnection } from '@nats-io/transport-node';

/** One delivery of a message, as far as we use what the client knows of it. */
export type Delivery = Pick<
  JsMsg,
  | 'subject'
  | 'data'
  | 'headers'
  | 'seq'
  | 'redelivered'
  | 'timestampNanos'
  | 'ack'
  | 'ackAck'
  | 'nak'
  | 'working'
  | 'term'
> & {
  readonly info: { readonly deliveryCount: number };
};

const NS_PER_MS = 1_000_000;

/**
 * The delivery that a message is which we pulled ourselves: the client makes its own for what it pulls, and for nothing
 * else. Where it stands in its stream is told by the subject that its acknowledgement goes to.
 */
export function deliveryOf(nc: NatsConnection, message: Msg): Delivery & { readonly msg: Msg } {
  const reply = message.reply ?? '';
  const { count, sequence, storedAtNs } = placeOf(reply);
  let settled = false;
  // The first verdict counts, as in the client.
  const settle = (verdict: string) => {
    if (!settled) message.respond(verdict);
    settled = true;
  };
  return {
    msg: message,
    subject: message.subject,
    data: message.data,
    get headers() {
      return message.headers;
    },
    seq: sequence,
    redelivered: count > 1,
    timestampNanos: storedAtNs,
    info: { deliveryCount: count },
    ack: () => settle('+ACK'),
    ackAck: async () => {
      if (settled) return false;
      settled = true;
      await nc.request(reply, '+ACK', { timeout: 5_000 });
      return true;
    },
    nak: (delayMs) => settle(delayMs ? `-NAK {"delay":${delayMs * NS_PER_MS}}` : '-NAK'),
    working: () => {
      if (!settled) message.respond('+WPI');
    },
    term: (reason) => settle(reason ? `+TERM ${reason}` : '+TERM'),
  };
}

/**
 * `$JS.ACK.<stream>.<consumer>.<count>.<stream seq>.<consumer seq>.<ns>.<pending>`; newer servers may put domain and
 * account before the stream, and something random at the end.
 */
function placeOf(reply: string): { count: number; sequence: number; storedAtNs: bigint } {
  const tokens = reply.split('.');
  const [count, sequence, , storedAtNs] = tokens.length === 9 ? tokens.slice(4) : tokens.slice(6);
  if (tokens[0] !== '$JS' || count === undefined || sequence === undefined || storedAtNs === undefined)
    throw new Error(`${reply}: no subject of an acknowledgement`);
  return { count: Number(count), sequence: Number(sequence), storedAtNs: BigInt(storedAtNs) };
}
