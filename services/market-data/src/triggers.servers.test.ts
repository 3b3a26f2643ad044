import { readTriggerMemory } from '@rangeward/adapter-redis/trigger-memory';
import { gasTrigger, volatilityTrigger } from '@rangeward/contracts';
import { driveMarket } from '@rangeward/localnet/drive-market';
import type { MarketBlock } from '@rangeward/localnet/market-block';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalWorld, openLocalWorld } from '../test/local-world.ts';

let world: LocalWorld;

beforeAll(async () => {
  world = await openLocalWorld();
  await world.startService(world.config({ rearmBlocks: 0, volatility: { checkEveryS: 0 } }));
});
afterAll(() => world?.close());

const GWEI = 10n ** 9n;

async function mineAt(baseFeePerGas: bigint): Promise<void> {
  await world.client.setNextBlockBaseFeePerGas({ baseFeePerGas });
  await world.client.mine({ blocks: 1 });
}

test('gas that falls to the threshold fires once for the pool', async () => {
  const ref = { kind: 'gas', chain: 'local', pool: world.pool } as const;
  await mineAt(GWEI);
  await expect.poll(() => readTriggerMemory(world.redis, ref)).toEqual({ armed: false, firedAtS: null });
  await mineAt(60n * GWEI);
  await expect.poll(() => readTriggerMemory(world.redis, ref)).toMatchObject({ armed: true });
  await mineAt(10n * GWEI);
  const [event, ...more] = await world.heard(gasTrigger, 1);
  expect(more).toHaveLength(0);
  expect(event?.data).toMatchObject({ pool: world.pool, thresholdWei: 20n * GWEI });
  expect(event?.data.gasPriceWei).toBeLessThanOrEqual(20n * GWEI);
});

test('a market that turns wild fires the volatility trigger with its figures', async () => {
  const timeS = (index: number) => 1 + index * 300;
  const calm = Array.from({ length: 80 }, (_, index) => [timeS(index), 196_250 + (index % 2)] as const);
  const wild = Array.from({ length: 14 }, (_, index) => [timeS(80 + index), 196_250 + (index % 2) * 60] as const);
  const source: MarketBlock[] = [...calm, ...wild].map(([timestampS, tick]) => ({
    timestampS,
    swaps: [{ kind: 'to-price', sqrtPriceX96: getSqrtRatioAtTick(tick) + BigInt(timestampS) }],
  }));
  await driveMarket({ rpcUrl: world.chain.rpcUrl, source, blocksPerSecond: 100 });
  const [event] = await world.heard(volatilityTrigger, 1);
  if (event === undefined) throw new Error('no trigger');
  const { realisedAnnual, normalAnnual, ratio } = event.data;
  expect(ratio).toBeGreaterThanOrEqual(2);
  expect(ratio).toBeCloseTo(realisedAnnual / normalAnnual, 9);
});
