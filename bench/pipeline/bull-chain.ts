import type { RedisServer } from '@rangeward/localnet/redis-server';
import { Queue, Worker } from 'bullmq';
import { startChild } from '../child.ts';
import type { Opened } from '../opened.ts';
import type { BullHop } from './bull-hop.ts';
import type { Line } from './drive.ts';
import { HOPS } from './raw-chain.ts';

const CONCURRENCY = 64;

/** The same five hops as jobs of BullMQ, a queue and a process each, at the concurrency that suits it best. */
export async function startBullChain(opened: Opened, redis: RedisServer, bytes: number): Promise<Line> {
  const { port } = redis;
  for (let hop = 0; hop < HOPS; hop += 1) {
    const task: BullHop = { port, hop, concurrency: CONCURRENCY };
    await opened.add(startChild('./bull-hop.ts', import.meta.url, { task }));
  }
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
  let listen: Parameters<Line['onMilestone']>[0] = () => {};
  const worker = new Worker(
    `hop-${HOPS}`,
    async (job) => {
      listen(job.data.slot, 'answered');
      listen(job.data.slot, 'over');
    },
    { connection, concurrency: CONCURRENCY, removeOnComplete: { count: 0 } },
  );
  const first = new Queue('hop-0', { connection });
  opened.onClose(async () => {
    await worker.close(true);
    await first.close();
  });
  await Promise.all([worker.waitUntilReady(), first.waitUntilReady()]);
  const padding = ' '.repeat(Math.max(0, bytes - 32));
  return {
    begin: (slot) => void first.add('job', { slot, padding }, { removeOnComplete: true }),
    onMilestone: (next) => {
      listen = next;
    },
  };
}
