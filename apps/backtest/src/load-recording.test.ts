import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RecordedEvent } from '@rangeward/recording/recorded-event';
import { RECORDING_FORMAT, RECORDING_VERSION, type RecordingHeader } from '@rangeward/recording/recording-format';
import { writeRecording } from '@rangeward/recording/write-recording';
import { mint } from '@rangeward/uniswap-v3/pool-liquidity';
import { clonePool, createPool, type Pool } from '@rangeward/uniswap-v3/pool-state';
import { swap } from '@rangeward/uniswap-v3/pool-swap';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownDefaults, sampleOptions } from '../test/sample-run.ts';
import { checkLookAhead } from './check-look-ahead.ts';
import { loadRecording } from './load-recording.ts';
import { ownStrategy } from './own-strategy.ts';
import { fixedWidth, holdRange } from './plain-strategies.ts';
import { runStrategy } from './run-strategy.ts';

const START_S = 1_700_000_000;
const HASH = `0x${'ab'.repeat(32)}` as const;
const OWNER = `0x${'cd'.repeat(20)}` as const;
const given = { gasGwei: 1, feePips: 500, stable: 0, protocolPart: 0, replay: 'whole' } as const;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backtest-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** A pool with a step in its liquidity, which the swaps below cross there and back. */
function startPool(): Pool {
  const pool = createPool({ feePips: 500, tickSpacing: 10, sqrtPriceX96: getSqrtRatioAtTick(196_000) });
  mint(pool, { owner: OWNER, tickLower: -887_270, tickUpper: 887_270, liquidity: 10n ** 18n });
  mint(pool, { owner: OWNER, tickLower: 195_990, tickUpper: 196_040, liquidity: 10n ** 19n });
  return pool;
}

function trade(pool: Pool, count: number): RecordedEvent[] {
  return Array.from({ length: count }, (_, at) => {
    const zeroForOne = at % 2 === 0;
    const order = { zeroForOne, amountSpecified: zeroForOne ? 10n ** 12n : 34n * 10n ** 19n };
    return {
      ...{ kind: 'swap', blockNumber: 100 + at, timestampS: START_S + 12 * at, transactionHash: HASH },
      ...{ transactionIndex: 0, logIndex: 3, sender: OWNER, recipient: OWNER },
      ...swap(pool, order),
    };
  });
}

function headerOf(pool: Pool, ticks: boolean, toBlock: number): RecordingHeader {
  const token = (symbol: string, decimals: number) => ({ address: OWNER, symbol, decimals });
  const { sqrtPriceX96, tick, liquidity, feeProtocol, feePips, tickSpacing } = pool;
  return {
    ...{ format: RECORDING_FORMAT, version: RECORDING_VERSION, chainId: 1, pool: OWNER, feePips, tickSpacing },
    ...{ token0: token('USDC', 6), token1: token('WETH', 18), fromBlock: 100, toBlock },
    start: {
      ...{ sqrtPriceX96, tick, liquidity, feeProtocol },
      ...{ feeGrowthGlobal0X128: 0n, feeGrowthGlobal1X128: 0n, protocolFees0: 0n, protocolFees1: 0n },
      ticks: ticks ? [...pool.ticks].map(([at, info]) => ({ tick: at, ...info })) : null,
      positions: null,
    },
  };
}

describe('a recording of ours', () => {
  it('is replayed whole and to the wei where its ticks are in it', async () => {
    const start = startPool();
    const end = clonePool(start);
    const events = trade(end, 60);
    const path = join(folder, 'whole.ndjson.gz');
    await writeRecording(path, headerOf(start, true, 159), events);
    const market = await loadRecording(path, given);
    expect(market).toMatchObject({ kind: 'replayed', firstS: START_S, lastS: START_S + 59 * 12 });
    expect(market.method).toContain('to the wei from its recorded state');
    const venue = market.open(START_S - 1);
    venue.advance(market.lastS, null);
    const ends = events.map((event) => (event.kind === 'swap' ? event.tick : 0));
    expect(Math.min(...ends)).toBeLessThan(195_990);
    expect(Math.max(...ends)).toBeGreaterThanOrEqual(195_990);
    expect(venue.spot()).toMatchObject({ sqrtPriceX96: end.sqrtPriceX96, tick: end.tick, liquidity: end.liquidity });
  });

  it('says which way it went without them', async () => {
    const start = startPool();
    const path = join(folder, 'without.ndjson.gz');
    await writeRecording(path, headerOf(start, false, 159), trade(clonePool(start), 60));
    const market = await loadRecording(path, given);
    expect(market.method).toMatch(/learnt from where swaps ended|price path/);
    expect(await loadRecording(path, { ...given, replay: 'price-path' })).toMatchObject({ kind: 'price-path' });
  });

  it('is refused when it has no dollar of 6 decimals', async () => {
    const start = startPool();
    const path = join(folder, 'no-dollar.ndjson.gz');
    const header = headerOf(start, true, 159);
    await writeRecording(path, { ...header, token0: { ...header.token0, symbol: 'UNI' } }, trade(clonePool(start), 2));
    await expect(loadRecording(path, given)).rejects.toThrow(/UNI and WETH has no dollar/);
  });

  it('is refused when its tokens were taken for one another', async () => {
    const start = startPool();
    const path = join(folder, 'swapped-tokens.ndjson.gz');
    const { token0, token1, ...header } = headerOf(start, true, 159);
    await writeRecording(path, { ...header, token0: token1, token1: token0 }, trade(clonePool(start), 2));
    await expect(loadRecording(path, given)).rejects.toThrow(/one WETH would cost .* token1 is not the dollar/);
  });
});

const realDay = fileURLToPath(
  new URL('../../../../shared/data/ethereum-usdc-weth-500-2024-01-05.pool-logs.csv', import.meta.url),
);

describe.skipIf(!existsSync(realDay))('the real day (only where ../shared/data is)', () => {
  it('gives the same from the whole pool and from its prices alone, to a small position', async () => {
    const [whole, path] = await Promise.all([
      loadRecording(realDay, given),
      loadRecording(realDay, { ...given, replay: 'price-path' }),
    ]);
    expect([whole.kind, path.kind]).toEqual(['replayed', 'price-path']);
    expect(whole.method).toContain('6035 of 6045 swaps follow to the wei');
    for (const strategy of [holdRange(200), fixedWidth(60)]) {
      const options = { capitalUsdE6: 1_000_000_000 };
      const [one, other] = [whole, path].map((market) =>
        runStrategy(market, strategy, sampleOptions(market, 7200, options)),
      );
      expect(one?.rebalances).toBe(other?.rebalances);
      expect((one?.parts.feesUsdE6 ?? 0) / (other?.parts.feesUsdE6 ?? 1)).toBeCloseTo(1, 2);
      expect((one?.lvrUsdE6 ?? 0) / (other?.lvrUsdE6 ?? 1)).toBeCloseTo(1, 1);
    }
  });

  it('is decided without looking ahead, at every decision', async () => {
    const market = await loadRecording(realDay, { ...given, replay: 'price-path' });
    const options = sampleOptions(market, 7200);
    const { decided } = runStrategy(market, ownStrategy(ownDefaults()), options);
    const check = checkLookAhead(market, () => ownStrategy(ownDefaults()), options, decided, decided.length);
    expect(check).toEqual({ checked: decided.length, of: decided.length, differs: null });
  });
});
