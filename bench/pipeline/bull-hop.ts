import { Queue, Worker } from 'bullmq';
import { readTask, sayReady } from '../child.ts';

/** One process of BullMQ's bare chain: takes a job, adds the next one. */
export type BullHop = { readonly port: number; readonly hop: number; readonly concurrency: number };

const { port, hop, concurrency } = readTask<BullHop>();
const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
const next = new Queue(`hop-${hop + 1}`, { connection });
const worker = new Worker(
  `hop-${hop}`,
  async (job) => {
    await next.add('job', job.data, { removeOnComplete: true });
  },
  { connection, concurrency, removeOnComplete: { count: 0 } },
);
await Promise.all([worker.waitUntilReady(), next.waitUntilReady()]);
sayReady();
