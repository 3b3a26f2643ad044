import { plantBug } from './plant-bug.ts';
import { raceBudget } from './race-budget.ts';
import { randomFrom } from './random.ts';

/**
 * One of many processes that draw on one budget. argv: url of Redis, number of this process, operations. Reserves, then commits less
 * than it reserved or gives it back, each call twice; prints what it committed in all.
 */
const [, , url = '', worker = '0', operations = '0'] = process.argv;
if (process.env.CHAOS_BUG) plantBug(process.env.CHAOS_BUG);
const { commitBudget, releaseBudget, reserveBudget } = await import('@rangeward/adapter-redis/budgets');
const { closeRedis, connectRedis } = await import('@rangeward/adapter-redis/connect');

const redis = await connectRedis({ url, commandTimeoutMs: 30_000 });
const random = randomFrom(Number(worker));
let committed = 0;
for (let operation = 0; operation < Number(operations); operation++) {
  const reservationId = `${worker}-${operation}`;
  const amount = random.between(1, 1_000);
  const reservation = { reservationId, nowMs: Date.now(), lines: [{ ...raceBudget, amount }] };
  const { ok } = await reserveBudget(redis, reservation);
  if (!ok) continue;
  await reserveBudget(redis, reservation);
  if (random.chance(0.3)) {
    await releaseBudget(redis, reservationId);
    await releaseBudget(redis, reservationId);
    continue;
  }
  const actual = random.between(0, amount);
  for (const nowMs of [Date.now(), Date.now()])
    await commitBudget(redis, reservationId, { [raceBudget.budget]: actual }, nowMs);
  committed += actual;
}
await closeRedis(redis);
process.stdout.write(`${committed}\n`);
