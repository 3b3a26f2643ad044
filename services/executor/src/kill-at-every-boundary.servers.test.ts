import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { adoptPosition } from '@rangeward/adapter-redis/position-registry';
import { readStop, resumeTrading, stopTrading, type TradingStop } from '@rangeward/adapter-redis/trading-control';
import type { Plan, TradeExecuted } from '@rangeward/contracts';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LiveWallet, openLiveWallet, ref } from '../test/live-wallet.ts';
import { allowances, type LocalWorld, openWorld, planToMove } from '../test/local-world.ts';
import { readRecord } from './plan-record.ts';

let server: RedisServer;
let redis: Redis;
let world: LocalWorld;
let live: LiveWallet;

beforeAll(async () => {
  [server, world] = await Promise.all([startRedisServer(), openWorld()]);
  redis = await connectRedis({ url: server.url });
  live = openLiveWallet(redis, world);
  tokenId = await live.managed(100, 150);
  snapshot = await world.client.snapshot();
});
afterAll(async () => {
  if (redis) await closeRedis(redis);
  await Promise.all([server?.stop(), world?.chain.stop()]);
});

const kill = (place: string): TradingStop => ({
  ...{ state: 'killed', by: 'a test', reason: place, through: 'command' },
  at: new Date().toISOString(),
});
const person = () => ({ by: 'ann', reason: 'seen', at: new Date().toISOString() });
let tokenId: bigint;
let snapshot: `0x${string}`;

/** A plan for the same position, on the same chain, with books of its own. */
async function aPlan(): Promise<Plan> {
  await world.client.revert({ id: snapshot });
  snapshot = await world.client.snapshot();
  await redis.flushall();
  await adoptPosition(redis, ref, { tokenId, entry: null });
  return planToMove(world, tokenId);
}
const stepsOf = async (plan: Plan) => {
  const stored = await live.toolsFor().records.read(plan.planId);
  return stored === null ? [] : readRecord(stored.body).steps.map(({ name }) => name);
};

/** Carries a plan out, and kills trading when it comes to the place. Tells which steps were stored then, and while killed. */
async function killedAt(place: string, plan: Plan) {
  let atKill: string[] | undefined;
  let whileKilled: string[] | undefined;
  let asked = 0;
  const tools = live.toolsFor({
    onBoundary: async (reached) => {
      if (reached !== place || atKill !== undefined) return;
      await stopTrading(redis, kill(place));
      atKill = await stepsOf(plan);
    },
    stopAsked: async () => {
      const stop = await readStop(redis);
      // It has been asked often enough to have gone on, had it wanted to.
      if (stop !== null && (await stepsOf(plan)).length > 0 && ++asked === 3) {
        whileKilled = await stepsOf(plan);
        expect(await resumeTrading(redis, stop, person())).toBe(true);
      }
      return stop;
    },
  });
  const trade = await live.carried(plan, tools);
  const stop = await readStop(redis);
  if (stop !== null) await resumeTrading(redis, stop, person());
  return { trade, atKill: atKill ?? [], whileKilled };
}

async function boundariesOf(): Promise<{ readonly places: string[]; readonly steps: number }> {
  const places: string[] = [];
  const plan = await aPlan();
  await live.carried(plan, live.toolsFor({ onBoundary: (place) => void places.push(place) }));
  return { places, steps: (await stepsOf(plan)).length };
}

const done = (place: string) => ({ place, outcome: 'confirmed', minted: 1 });
const minted = (trade: TradeExecuted) => trade.transactions.filter(({ step }) => step === 'mint').length;

test('killed at any boundary of a plan nothing new is signed, and once resumed the plan comes to its one end', async () => {
  const { places, steps } = await boundariesOf();
  const looked = places.filter((place) => place === 'opened' || /:(signed|stored|sent|done)$/.test(place));
  expect(looked.length).toBeGreaterThan(20);
  let waited = 0;
  for (const place of looked) {
    const { trade, atKill, whileKilled } = await killedAt(place, await aPlan());
    if (place === 'opened') {
      expect({ place, outcome: trade.outcome }).toEqual({ place, outcome: 'refused' });
      expect(trade.reason).toContain('killed (command) by a test');
      continue;
    }
    // A step that was signed and not mined yet is cancelled; the plan then ends where it stood.
    const cancelled = trade.reason.includes('cancelled');
    expect({ place, cancelled }).toEqual({ place, cancelled: cancelled && /:(signed|stored)$/.test(place) });
    expect(minted(trade)).toBeLessThanOrEqual(1);
    if (!cancelled) expect({ place, outcome: trade.outcome, minted: minted(trade) }).toEqual(done(place));
    expect(await allowances(world)).toEqual([0n, 0n, 0n, 0n]);
    if (whileKilled === undefined) continue;
    waited += 1;
    // What was signed when the kill came is stored and settled; nothing follows it.
    const inFlight = place.endsWith(':signed') ? 1 : 0;
    expect({ place, stored: whileKilled.length }).toEqual({ place, stored: atKill.length + inFlight });
  }
  // At all places but those of the last step, and of a first one that was cancelled, something was still to come and waited.
  expect(waited).toBeGreaterThanOrEqual((steps - 2) * 4);
});

test('a pause lets the plan in hand come to its end and no other begin', async () => {
  const plan = await aPlan();
  const paused: TradingStop = { ...kill('a pause'), state: 'paused' };
  const onBoundary = async (place: string) => {
    if (place === 'withdraw:stored') await stopTrading(redis, paused);
  };
  const trade = await live.carried(plan, live.toolsFor({ onBoundary }));
  expect(trade.outcome).toBe('confirmed');
  const second = await aPlan();
  await stopTrading(redis, paused);
  const next = await live.carried(second);
  expect(next).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('paused (command) by a test') });
  expect(await resumeTrading(redis, paused, person())).toBe(true);
});
