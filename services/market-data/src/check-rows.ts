import { setImmediate } from 'node:timers/promises';
import type { PoolRow } from '@rangeward/adapter-evm/decode-pool-log';
import { beginCheck, checkEvent } from '@rangeward/uniswap-v3/check-feed';
import { gapsCrossed } from '@rangeward/uniswap-v3/explain-swap';
import type { PoolTerms } from '@rangeward/uniswap-v3/learn-pool';

/** Rows checked at a stretch: a day of a busy pool must not hold up a breach. */
const STRETCH = 500;

/**
 * Blocks with a row that does not follow from the rows before it, by what the rows themselves tell of the pool. A swap
 * through liquidity that no swap ended in proves nothing and is taken as it is.
 */
export async function blocksThatDoNotFollow(rows: readonly PoolRow[], terms: PoolTerms): Promise<number[]> {
  const { feePips, tickSpacing } = terms;
  const check = beginCheck(rows, { feePips, tickSpacing });
  if (check === undefined) return [];
  for (const [index, row] of rows.entries()) {
    if (index % STRETCH === STRETCH - 1) await setImmediate();
    if (row.kind === 'swap' && index >= check.from && gapsCrossed(check.pool, row, check.gaps).length > 0) {
      const { sqrtPriceX96, tick, liquidity } = row;
      Object.assign(check.pool, { sqrtPriceX96, tick, liquidity });
    } else checkEvent(check, row, index);
  }
  return [...new Set(check.breaks.flatMap(({ index }) => rows[index]?.blockNumber ?? []))];
}
