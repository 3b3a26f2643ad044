import type { JetStreamManager } from '@nats-io/jetstream';
import { type ObjectStore, Objm } from '@nats-io/obj';
import { chartBucket } from '@rangeward/contracts';

/** The bucket of charts in the broker's object store. */
export type Charts = {
  readonly bucket: string;
  /** Keeps an object. The same name again replaces it, so putting the same one twice has one effect. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** Null when there is no object of this name. Throws when its bytes are not those that were put. */
  get(name: string): Promise<Uint8Array | null>;
};

/** Creates the bucket when it is missing; needs the right to create a stream. An existing one is left as it is. */
export async function provisionCharts(jsm: JetStreamManager, replicas = 1): Promise<void> {
  await new Objm(jsm.jetstream()).create(chartBucket.name, {
    description: chartBucket.description,
    ttl: chartBucket.maxAgeDays * 86_400_000_000_000,
    max_bytes: chartBucket.maxBytes,
    storage: 'file',
    replicas,
  });
}

/** Opens the bucket; creates it where it is missing and our user may. Throws when it is neither there nor ours to make. */
export async function openCharts(jsm: JetStreamManager, replicas = 1): Promise<Charts> {
  const objects = new Objm(jsm.jetstream());
  const store = await objects.open(chartBucket.name).catch(async () => {
    await provisionCharts(jsm, replicas);
    return objects.open(chartBucket.name);
  });
  return {
    bucket: chartBucket.name,
    async put(name, bytes) {
      await store.putBlob({ name }, bytes);
    },
    get: (name) => readObject(store, name),
  };
}

async function readObject(store: ObjectStore, name: string): Promise<Uint8Array | null> {
  const bytes = await store.getBlob(name);
  return bytes === null ? null : new Uint8Array(bytes);
}
