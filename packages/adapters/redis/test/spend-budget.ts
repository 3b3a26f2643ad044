import { commitBudget, releaseBudget, reserveBudget } from '../src/budgets.ts';
import { closeRedis, connectRedis } from '../src/connect.ts';

/** A process that draws on budgets as an executor does, and says on its last line what it really spent. */
const [url = '', name = '', operations = '0', limits = '{}'] = process.argv.slice(2);
const { gas, count, notional } = JSON.parse(limits) as { gas: number; count: number; notional: number };
const redis = await connectRedis({ url, commandTimeoutMs: 20_000 });
const day = { scope: 'live', windowMs: 86_400_000 };
const spent = { gas: 0, count: 0, notional: 0, granted: 0, refused: 0 };

for (let turn = 0; turn < Number(operations); turn++) {
  const reservationId = `${name}-${turn}`;
  const random = () => Math.random();
  const mostGas = 1 + Math.floor(random() * 20_000);
  const moved = 1 + Math.floor(random() * 1_000_000);
  const nowMs = Date.now();
  const answer = await reserveBudget(redis, {
    reservationId,
    nowMs,
    lines: [
      { ...day, budget: 'gas-usd-e6', amount: mostGas, limit: gas },
      { ...day, budget: 'rebalances', amount: 1, limit: count },
      { ...day, budget: 'notional-usd-e6', amount: moved, limit: notional },
    ],
  });
  if (!answer.ok) {
    spent.refused += 1;
    continue;
  }
  spent.granted += 1;
  // Most come to nothing, so that there is always something to fight for.
  if (random() < 0.9) {
    await releaseBudget(redis, reservationId);
    continue;
  }
  const really = Math.floor(random() * mostGas);
  // Said twice, as after a crash.
  await commitBudget(redis, reservationId, { 'gas-usd-e6': really }, nowMs);
  await commitBudget(redis, reservationId, { 'gas-usd-e6': really }, nowMs);
  spent.gas += really;
  spent.count += 1;
  spent.notional += moved;
}
await closeRedis(redis);
process.stdout.write(`${JSON.stringify(spent)}\n`);
