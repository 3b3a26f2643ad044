import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readBudget } from '@rangeward/adapter-redis/budgets';
import { closeRedis, connectRedis } from '@rangeward/adapter-redis/connect';
import { startRedisServer } from '@rangeward/localnet/redis-server';
import type { Violation } from './judge.ts';
import { raceBudget } from './race-budget.ts';

const run = promisify(execFile);
const worker = fileURLToPath(new URL('./budget-worker.ts', import.meta.url));

export type RaceResult = {
  readonly violations: readonly Violation[];
  readonly spent: number;
  readonly highest: number;
  readonly looks: number;
};

/** I4 with many processes at once: never above the limit at any look, and at rest exactly what was committed. */
export async function runBudgetRace(options: {
  readonly processes: number;
  readonly operations: number;
  readonly bug?: string;
}): Promise<RaceResult> {
  const server = await startRedisServer();
  const redis = await connectRedis({ url: server.url, commandTimeoutMs: 30_000 });
  let racing = true;
  let highest = 0;
  let looks = 0;
  const watch = async () => {
    while (racing) {
      const { used, reserved } = await readBudget(redis, { ...raceBudget, nowMs: Date.now() });
      highest = Math.max(highest, used + reserved);
      looks++;
    }
  };
  try {
    const watching = watch();
    const env = { PATH: process.env.PATH, ...(options.bug === undefined ? {} : { CHAOS_BUG: options.bug }) };
    const workers = await Promise.all(
      Array.from({ length: options.processes }, (_, index) =>
        run(process.execPath, [worker, server.url, String(index + 1), String(options.operations)], { env }),
      ),
    );
    racing = false;
    await watching;
    const committed = workers.reduce((sum, { stdout }) => sum + Number(stdout), 0);
    const { used, reserved } = await readBudget(redis, { ...raceBudget, nowMs: Date.now() });
    const violations: Violation[] = [];
    if (highest > raceBudget.limit) violations.push({ id: 'I4', text: `${highest} drawn of ${raceBudget.limit}` });
    if (reserved !== 0) violations.push({ id: 'I4', text: `${reserved} still reserved at rest` });
    if (used !== committed) violations.push({ id: 'I4', text: `${used} booked, ${committed} committed` });
    return { violations, spent: used, highest, looks };
  } finally {
    racing = false;
    await closeRedis(redis);
    await server.stop();
  }
}
