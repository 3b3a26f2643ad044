import type { Market } from '@rangeward/contracts';

type Position = Pick<Market['position'], 'valueUsdE6' | 'idleUsdE6' | 'hodlUsdE6'>;

/**
 * What providing brought against holding the entry amounts, in micro-dollars: the position and what its plans left idle
 * in the wallet, less the entry amounts at the same price. Null when the entry is not known. Gas is not in it: it is paid
 * in the chain's own coin, from neither side of this comparison.
 */
export function againstHoldingUsdE6({ valueUsdE6, idleUsdE6 = 0, hodlUsdE6 }: Position): number | null {
  return hodlUsdE6 === null ? null : valueUsdE6 + idleUsdE6 - hodlUsdE6;
}
