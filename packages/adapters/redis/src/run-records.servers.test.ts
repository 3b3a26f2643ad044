import type { Run, RunResult } from '@rangeward/contracts';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closeRedis, connectRedis, type Redis } from './connect.ts';
import { createRunRecords, failuresInARow, type RunRecords } from './run-records.ts';

const startedMs = Date.UTC(2026, 0, 5);
const runOf = (number: number): Run => ({
  id: number.toString(16).padStart(32, '0'),
  trigger: 'manual',
  chain: 'base',
  pool: `0x${'a'.repeat(40)}`,
  position: 'main',
  tokenId: 5n,
  mode: 'live',
  startedAt: new Date(startedMs + number).toISOString(),
  deadline: new Date(startedMs + number + 300_000).toISOString(),
});
const resultOf = (run: Run, change: Partial<RunResult> = {}): RunResult => ({
  runId: run.id,
  status: 'completed',
  trigger: run.trigger,
  chain: run.chain,
  pool: run.pool,
  position: run.position,
  tokenId: run.tokenId,
  mode: run.mode,
  startedAt: run.startedAt,
  completedAt: run.startedAt,
  durationMs: 0,
  block: 1,
  vwapPriorCenterUsdE6: 3,
  modelDirection: null,
  modelConfidence: null,
  posteriorCenterUsdE6: 3,
  recommendedTickLower: -10,
  recommendedTickUpper: 10,
  decision: 'rebalance',
  decisionReason: 'why',
  planId: 'f'.repeat(64),
  outcome: 'confirmed',
  txHashes: [],
  gasUsed: 10n ** 30n,
  gasUsdE6: 7,
  executionError: null,
  newTokenId: 6n,
  positionValueBeforeUsdE6: 1,
  positionValueAfterUsdE6: 1,
  hodlUsdE6: 1,
  feesCollected0: 1n,
  feesCollected1: 2n,
  feesCollectedUsdE6: 11,
  failure: null,
  requestCorrelationId: null,
  ...change,
});

describe('the run ledger', () => {
  let server: RedisServer;
  let redis: Redis;
  let records: RunRecords;
  beforeAll(async () => {
    server = await startRedisServer();
    redis = await connectRedis({ url: server.url });
    records = createRunRecords(redis);
  });
  afterAll(async () => {
    await closeRedis(redis);
    await server.stop();
  });
  beforeEach(() => redis.flushall());

  it('keeps the first fact of a name, and says all of them', async () => {
    const run = runOf(1);
    await records.note(run, 'market', { block: 1 });
    await records.note(run, 'market', { block: 2 });
    const noted = await records.note(run, 'prior', { centre: 3 });
    expect({ ...noted, names: noted?.names.toSorted() }).toEqual({ names: ['market', 'prior'], closed: false });
    expect(await records.facts(run.id)).toEqual({ market: { block: 1 }, prior: { centre: 3 } });
    expect(await records.read(run.id)).toEqual({
      run,
      facts: { market: { block: 1 }, prior: { centre: 3 } },
      result: null,
    });
    expect(await records.read('f'.repeat(32))).toBeNull();
  });

  it('notes the facts of one turn together: the last of each run tells, and knows those before it', async () => {
    const [one, other] = [runOf(1), runOf(2)];
    const noted = await Promise.all([
      records.note(one, 'market', { block: 1 }),
      records.note(other, 'market', { block: 2 }),
      records.note(one, 'market', { block: 3 }),
      records.note(one, 'prior', { centre: 4 }),
    ]);
    expect(noted.map((known) => known && { ...known, names: known.names.toSorted() })).toEqual([
      null,
      { names: ['market'], closed: false },
      null,
      { names: ['market', 'prior'], closed: false },
    ]);
    expect(await records.facts(one.id)).toEqual({ market: { block: 1 }, prior: { centre: 4 } });
    expect(await records.facts(other.id)).toEqual({ market: { block: 2 } });
    expect((await records.list({ limit: 9 })).map(({ run }) => run.id)).toEqual([other.id, one.id]);
  });

  it('adds a result to the totals once, however often it is closed', async () => {
    const run = runOf(1);
    await records.note(run, 'started', {});
    const closed = await Promise.all([1, 2, 3].map(() => records.close(run, resultOf(run))));
    expect(closed.filter((first) => first)).toHaveLength(1);
    expect((await records.read(run.id))?.result).toEqual(resultOf(run));
    expect(await records.totals(run)).toMatchObject({
      completed: 1,
      rebalances: 1,
      gasUsdE6: 7,
      feesCollectedUsdE6: 11,
      lastRunId: run.id,
    });
    expect((await records.note(run, 'late', {}))?.closed).toBe(true);
    expect(await records.overdue(Number.MAX_SAFE_INTEGER)).toEqual([]);
  });

  it('counts failures in a row until one succeeds, and what paper says it would have earned not at all', async () => {
    for (const [number, change] of [
      [1, { status: 'failed' }],
      [2, { status: 'failed' }],
      [3, { status: 'skipped' }],
    ] as const) {
      await records.close(runOf(number), resultOf(runOf(number), { ...change, mode: 'paper' }));
    }
    expect(await records.totals(runOf(1))).toMatchObject({
      consecutiveFailures: 2,
      failed: 2,
      skipped: 1,
      gasUsdE6: 0,
      rebalances: 0,
    });
    await records.close(runOf(4), resultOf(runOf(4)));
    expect(await records.totals(runOf(1))).toMatchObject({ consecutiveFailures: 0, failed: 2, completed: 1 });
  });

  it('counts them by when the runs began, whatever the order and number of their closings', async () => {
    const close = (number: number, status: RunResult['status']) =>
      records.close(runOf(number), resultOf(runOf(number), { status }));
    const heard = (number: number) => failuresInARow(redis, runOf(number), { ...runOf(number), status: 'failed' });
    await close(3, 'failed');
    await close(1, 'completed');
    for (let time = 0; time < 2; time += 1) await close(2, 'failed');
    expect(await failuresInARow(redis, runOf(1))).toBe(2);
    // One that is over and not yet written down counts where it belongs, one that is written down not again.
    expect(await heard(4)).toBe(3);
    expect(await heard(3)).toBe(2);
    await close(6, 'completed');
    expect(await heard(5)).toBe(0);
    expect(await heard(7)).toBe(1);
  });

  it('remembers the newest fifty ends of a position', async () => {
    for (let number = 1; number <= 60; number += 1) {
      await records.close(runOf(number), resultOf(runOf(number), { status: 'failed' }));
    }
    expect(await failuresInARow(redis, runOf(1))).toBe(50);
  });

  it('finds the runs whose deadline has passed, and lists the newest first', async () => {
    for (const number of [1, 2, 3]) await records.note(runOf(number), 'started', {});
    expect((await records.overdue(startedMs + 300_002)).map(({ id }) => id)).toEqual([runOf(1).id, runOf(2).id]);
    expect((await records.list({ limit: 2 })).map(({ run }) => run.id)).toEqual([runOf(3).id, runOf(2).id]);
    expect((await records.list({ limit: 9, beforeMs: startedMs + 2 })).map(({ run }) => run.id)).toEqual([runOf(1).id]);
  });
});
