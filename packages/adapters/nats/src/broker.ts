import { setTimeout as pause } from 'node:timers/promises';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectNats } from './connect.ts';
import type { Log } from './log.ts';
import { openPublisher, type Publisher } from './publisher.ts';
import type { Credentials, TlsFiles } from './settings.ts';
import type { Signing } from './signing.ts';

/** An open connection with what hangs on it; all that the operator's side of the dead letters needs. */
export type Broker = {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly publisher: Publisher;
  /** Service name, or `cli` and the like: the name of the connection and of its inbox. */
  readonly service: string;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Signs what we say and checks what we hear, of the events that need it; nothing is signed without. */
  readonly signing?: Signing | undefined;
  close(): Promise<void>;
};

export type BrokerOptions = {
  readonly url: string;
  readonly service: string;
  readonly log: Log;
  readonly now?: (() => number) | undefined;
  readonly credentials?: Credentials | undefined;
  readonly tls?: TlsFiles | undefined;
  readonly signing?: Signing | undefined;
  /** How long a publish waits for JetStream, re-sending, before it fails. */
  readonly publishWithinMs?: number | undefined;
};

/** Connects; throws an Error that names the address when that fails. */
export async function openBroker(options: BrokerOptions): Promise<Broker> {
  const nc = await connectNats(options);
  // The check asks for account information, which a service's user need not be allowed to see.
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  const publisher = openPublisher(nc, options.service, options.publishWithinMs);
  return {
    nc,
    jsm,
    publisher,
    service: options.service,
    log: options.log,
    now: options.now ?? Date.now,
    signing: options.signing,
    async close() {
      publisher.close();
      await closeWithin(nc, 1_000);
    },
  };
}

/** Sends what is still to be sent and closes; a server that does not answer is not waited for longer than the bound. */
async function closeWithin(nc: NatsConnection, boundMs: number): Promise<void> {
  if (nc.isClosed()) return;
  const bound = new AbortController();
  const drained = nc.drain().catch(() => {});
  await Promise.race([drained, pause(boundMs, undefined, { signal: bound.signal }).catch(() => {})]);
  bound.abort();
  if (!nc.isClosed()) await nc.close();
}
