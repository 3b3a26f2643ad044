import type { EventData, recommendation } from '@rangeward/contracts';
import type { PoolInNumbers } from './pool-in-numbers.ts';

const TWO_POW_128 = 2 ** 128;
const DAY_S = 86_400;

/**
 * Micro-dollars a day that all liquidity in range earns, the protocol’s share taken off; null when nothing is known. First
 * choice is what was really earned: recent fee growth times the liquidity in range now. Without it the volume of the
 * candles times the fee. Assumes that the recent past goes on.
 */
export function poolFeesPerDayUsdE6(
  from: Pick<EventData<typeof recommendation>, 'market' | 'volumePerDayUsdE6'>,
  numbers: PoolInNumbers,
): number | null {
  const { pool, recentFees } = from.market;
  if (recentFees !== undefined && pool.liquidity > 0n) {
    const growth0 = Number(recentFees.growth0X128) / TWO_POW_128;
    const growth1 = Number(recentFees.growth1X128) / TWO_POW_128;
    const perLiquidity = growth0 * numbers.token0UsdE6 + growth1 * numbers.token1UsdE6;
    return Math.floor((perLiquidity * Number(pool.liquidity) * DAY_S) / recentFees.windowS);
  }
  if (from.volumePerDayUsdE6 === undefined) return null;
  const kept = (keptShare(pool.feeProtocol0) + keptShare(pool.feeProtocol1)) / 2;
  return Math.floor((from.volumePerDayUsdE6 * pool.feePips * kept) / 1e6);
}

/** Of a fee, the share that stays with the providers; the protocol takes 1/n, nothing when n is 0. */
function keptShare(feeProtocol: number): number {
  return feeProtocol === 0 ? 1 : 1 - 1 / feeProtocol;
}

/** Liquidity in range at the pool’s price that is not the position’s own. */
export function othersLiquidity({ pool, position }: EventData<typeof recommendation>['market']): number {
  const others = position.inRange ? pool.liquidity - position.liquidity : pool.liquidity;
  return others > 0n ? Number(others) : 0;
}

/** Share of the fees that `liquidity` gets beside the others’, which it dilutes; from 0 to 1. */
export function shareOfFees(liquidity: number, others: number): number {
  return liquidity > 0 ? liquidity / (liquidity + others) : 0;
}

/** Fees over the horizon, micro-dollars rounded down: fees of the pool a day * share * time in range * days. */
export function expectedFeesUsdE6RoundingDown(of: {
  readonly poolFeesPerDayUsdE6: number;
  readonly share: number;
  readonly timeInRange: number;
  readonly horizonS: number;
}): number {
  return Math.floor((of.poolFeesPerDayUsdE6 * of.share * of.timeInRange * of.horizonS) / DAY_S);
}
