import type { Market } from '@rangeward/contracts';

const WEI_PER_COIN = 10n ** 18n;

/**
 * Expected cost in micro-dollars of `gasUnits` at the gas price of the market and its data fee on the layer below,
 * with `marginBps` added; rounded up.
 */
export function gasCostUsdE6RoundingUp(
  market: Pick<Market, 'gas' | 'nativePriceUsdE6'>,
  gasUnits: number,
  marginBps: number,
): number {
  const { baseFeeWei, priorityFeeWei, l1FeeWei } = market.gas;
  const wei = BigInt(gasUnits) * (baseFeeWei + priorityFeeWei) + l1FeeWei;
  const scaled = wei * BigInt(10_000 + marginBps) * BigInt(market.nativePriceUsdE6);
  const divisor = 10_000n * WEI_PER_COIN;
  return toSafeNumber((scaled + divisor - 1n) / divisor);
}

/** Micro-dollars as a number; what exceeds 9 billion dollars is held at that, dear enough to fail any gate. */
export function toSafeNumber(usdE6: bigint): number {
  return usdE6 > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(usdE6);
}
