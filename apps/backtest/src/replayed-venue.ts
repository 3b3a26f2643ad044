import { liquidityForAmounts, NO_AMOUNTS } from '@rangeward/uniswap-v3/liquidity-amounts';
import { burn, collect, mint, poolFeeGrowthInside } from '@rangeward/uniswap-v3/pool-liquidity';
import { clonePool, type Pool, positionKey } from '@rangeward/uniswap-v3/pool-state';
import { computeSwap, swap } from '@rangeward/uniswap-v3/pool-swap';
import { viewPosition } from '@rangeward/uniswap-v3/position';
import { isInRange, type TickRange } from '@rangeward/uniswap-v3/tick-grid';
import { blockAt } from './block-clock.ts';
import { createLvrMeter } from './lvr-meter.ts';
import type { OwnPosition, Venue, Watch } from './market.ts';
import { liveThrough, moveToPrice, type ReplaySource, type Snapshot } from './replayed-market.ts';
import { copyColumns, sqrtPriceOf } from './trade-columns.ts';

/** Nobody else in a pool is called this. */
const OWNER = 'ours';
/** A pool of our own from the snapshot on: the others do what they did, and we are among them. */
export function openReplayedVenue(source: ReplaySource, snapshot: Snapshot, startS: number): Venue {
  const { terms, blocks } = source;
  const pool = clonePool(snapshot.pool);
  const trades = copyColumns(snapshot.trades, snapshot.trades.length);
  const lvr = createLvrMeter(terms.stable);
  let next = snapshot.next;
  let clockS = startS;
  let inRangeS = 0;
  let outside = blocks[next - 1]?.outsideSqrtPrice ?? null;
  let own: TickRange | null = null;

  const priceNow = () => sqrtPriceOf(pool.sqrtPriceX96);

  function pass(toS: number): void {
    if (own !== null && isInRange(pool.tick, own)) inRangeS += toS - clockS;
    clockS = toS;
  }

  return {
    trades,
    spot: () => ({
      ...blockAt(trades, clockS, terms.blockTimeS),
      sqrtPriceX96: pool.sqrtPriceX96,
      tick: pool.tick,
      liquidity: pool.liquidity,
      feeProtocol: pool.feeProtocol,
    }),
    advance(untilS, watch) {
      for (; next < blocks.length; next += 1) {
        const block = blocks[next];
        if (block === undefined || block.timeS > untilS) break;
        pass(block.timeS);
        liveThrough(pool, block, terms, trades);
        outside = block.outsideSqrtPrice;
        lvr.sample(priceNow(), outside ?? priceNow(), block.timeS);
        if (isOver(watch, pool.tick)) {
          next += 1;
          return true;
        }
      }
      pass(untilS);
      return false;
    },
    position: () => (own === null ? null : viewOwn(pool, own)),
    mint(range, amounts) {
      const liquidity = liquidityForAmounts({ ...range, ...amounts, sqrtPriceX96: pool.sqrtPriceX96 });
      if (liquidity === 0n) return null;
      const used = mint(pool, { owner: OWNER, ...range, liquidity });
      own = { tickLower: range.tickLower, tickUpper: range.tickUpper };
      lvr.begin(range, Number(liquidity), priceNow(), clockS);
      return { liquidity, used };
    },
    close() {
      if (own === null) return { principal: NO_AMOUNTS, fees: NO_AMOUNTS };
      const { fees, liquidity } = viewOwn(pool, own);
      lvr.end(priceNow(), outside ?? priceNow());
      const held = { owner: OWNER, ...own };
      const principal = burn(pool, { ...held, liquidity });
      collect(pool, held);
      pool.positions.delete(positionKey(held));
      own = null;
      return { principal, fees };
    },
    collect() {
      if (own === null) return NO_AMOUNTS;
      burn(pool, { owner: OWNER, ...own, liquidity: 0n });
      return collect(pool, { owner: OWNER, ...own });
    },
    quote: (zeroForOne, amountIn) => quote(pool, zeroForOne, amountIn),
    sell: (zeroForOne, amountIn) => sell(pool, zeroForOne, amountIn, source.answersToUs),
    lvrUsdE6: () => lvr.totalUsdE6(),
    inRangeS: () => inRangeS,
  };
}

function isOver(watch: Watch | null, tick: number): boolean {
  return watch !== null && isInRange(tick, watch) === (watch.until === 'inside');
}

function viewOwn(pool: Pool, range: TickRange): OwnPosition {
  const stored = pool.positions.get(positionKey({ owner: OWNER, ...range }));
  if (stored === undefined) throw new Error(`the position [${range.tickLower}, ${range.tickUpper}) is not in the pool`);
  const insideNow = poolFeeGrowthInside(pool, range);
  const { principal, fees } = viewPosition({ ...range, ...stored }, { ...pool, insideNow });
  return { tickLower: range.tickLower, tickUpper: range.tickUpper, liquidity: stored.liquidity, principal, fees };
}

function quote(pool: Pool, zeroForOne: boolean, amountIn: bigint): bigint {
  const { amount0, amount1 } = computeSwap(pool, { zeroForOne, amountSpecified: amountIn });
  return zeroForOne ? -amount1 : -amount0;
}

/** Where the market does not answer by itself, somebody trades our impact away at once, and pays the pool for it. */
function sell(pool: Pool, zeroForOne: boolean, amountIn: bigint, answersToUs: boolean): bigint {
  const before = pool.sqrtPriceX96;
  const { amount0, amount1 } = swap(pool, { zeroForOne, amountSpecified: amountIn });
  if (!answersToUs) moveToPrice(pool, before);
  return zeroForOne ? -amount1 : -amount0;
}
