import { chainReader } from '@rangeward/adapter-evm/client';
import { adoptPosition, readPosition } from '@rangeward/adapter-redis/position-registry';
import { rebalancePlanned } from '@rangeward/contracts';
import { auditInvariants } from '@rangeward/invariants/audit-invariants';
import { tokenAbi } from '@rangeward/localnet/contract-abis';
import { sendAndWait } from '@rangeward/localnet/local-client';
import { encodeFunctionData } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { planToMove, pool, positionLeftBehind, revokeAll, tokens } from '../test/local-world.ts';
import { openRunning, type Running } from '../test/running-executor.ts';

const ref = { chain: 'local', pool, id: 'main' };

let running: Running;

beforeAll(async () => {
  running = await openRunning();
  await revokeAll(running.world);
});
afterAll(() => running?.close());

/** What is broken now, by invariant. */
async function broken(): Promise<string[]> {
  const { world, bus, redis } = running;
  const local = chainReader({ name: 'local', settings: world.settings });
  const sources = { broker: bus.broker, redis, chains: new Map([['local', local]]) };
  const report = await auditInvariants(sources, { nowMs: Date.now(), sinceMs: 0 });
  expect(report.plans).toBeGreaterThan(1);
  return report.verdicts.flatMap(({ id, violations }) => violations.map((text) => `${id}: ${text}`));
}

const operator = () => running.world.chain.accounts.operator;

test('what executors did breaks nothing; a transaction and an approval of somebody else’s show', async () => {
  const { world, redis, bus } = running;
  await running.startExecutor();
  const first = await positionLeftBehind(world, 100, 150);
  await revokeAll(world);
  await adoptPosition(redis, ref, { tokenId: first, entry: null });
  for (let turn = 0; turn < 2; turn++) {
    const { tokenId } = (await readPosition(redis, ref)) ?? { tokenId: first };
    const plan = await running.reserved(await planToMove(world, tokenId));
    await bus.publish(rebalancePlanned, plan, { correlationId: plan.run.id });
    expect(await running.tradeOf(plan)).toMatchObject({ outcome: 'confirmed' });
  }
  expect(await broken()).toEqual([]);
  const data = encodeFunctionData({
    abi: tokenAbi,
    functionName: 'approve',
    args: [world.chain.addresses.swapRouter, 5n],
  });
  await sendAndWait(world.client, operator(), { to: tokens[1], data });
  expect(await broken()).toEqual([
    expect.stringMatching(/^I2: .* used elsewhere$/),
    expect.stringMatching(/^I8: .* may still take 5 of/),
  ]);
});
