import type { TradeColumns } from './trade-columns.ts';

/**
 * The block a moment falls in: blocks go on when nobody trades, so the last one with a trade is counted on from in steps of
 * the chain's block time.
 */
export function blockAt(
  trades: TradeColumns,
  clockS: number,
  blockTimeS: number,
): { readonly timeS: number; readonly block: number } {
  const lastS = trades.timeS[trades.length - 1] ?? clockS;
  const last = trades.block[trades.length - 1] ?? 0;
  const passed = Math.max(0, Math.floor((clockS - lastS) / blockTimeS));
  return { timeS: lastS + passed * blockTimeS, block: last + passed };
}
