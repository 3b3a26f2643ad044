import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { server } from '../test/fresh-redis.ts';
import { readBudget } from './budgets.ts';
import { closeRedis, connectRedis, type Redis } from './connect.ts';

/** `BUDGET_OPERATIONS` asks for more of each process than a test has time for. */
const operations = Number(process.env.BUDGET_OPERATIONS ?? 150);
const PROCESSES = 16;
const limits = { gas: 300_000, count: 60, notional: 25_000_000 };
const budgets = [
  ['gas-usd-e6', 'gas'],
  ['rebalances', 'count'],
  ['notional-usd-e6', 'notional'],
] as const;

type Spent = Record<'gas' | 'count' | 'notional' | 'granted' | 'refused', number>;

async function spend(index: number): Promise<Spent> {
  const program = fileURLToPath(new URL('../test/spend-budget.ts', import.meta.url));
  const args = [program, server.url, `p${index}`, String(operations), JSON.stringify(limits)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(await text(child.stdout)) as Spent;
}

const drawn = (watching: Redis, budget: string) =>
  readBudget(watching, { budget, scope: 'live', nowMs: Date.now(), windowMs: 86_400_000 });

test('sixteen processes that draw at once never draw more than the limits, and the books end exact', async () => {
  const patient = await connectRedis({ url: server.url, commandTimeoutMs: 30_000 });
  let working = true;
  const highest = { gas: 0, count: 0, notional: 0 };
  const watching = (async () => {
    while (working) {
      for (const [budget, name] of budgets) {
        const { used, reserved } = await drawn(patient, budget);
        highest[name] = Math.max(highest[name], used + reserved);
      }
    }
  })();
  const spent = await Promise.all(Array.from({ length: PROCESSES }, (_, index) => spend(index)));
  working = false;
  await watching;
  for (const [budget, name] of budgets) {
    const sum = spent.reduce((total, one) => total + one[name], 0);
    expect(highest[name]).toBeLessThanOrEqual(limits[name]);
    expect(await drawn(patient, budget)).toEqual({ used: sum, reserved: 0 });
  }
  await closeRedis(patient);
  const told = (name: 'granted' | 'refused') => spent.reduce((total, one) => total + one[name], 0);
  expect(told('granted') + told('refused')).toBe(PROCESSES * operations);
  // There was something to fight for: at least one limit was reached.
  expect(told('refused')).toBeGreaterThan(0);
}, 600_000);
