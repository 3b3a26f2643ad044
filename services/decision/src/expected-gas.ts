import type { Market, OptionKind } from '@rangeward/contracts';
import type { DecisionSettings } from './config.ts';

const WEI_PER_COIN = 10n ** 18n;

export type PaidAction = Exclude<OptionKind, 'hold'>;

/** Gas units of all transactions of an action; the executor finds them in the plan. */
export function gasUnitsOf(action: PaidAction, settings: DecisionSettings['gas']): number {
  switch (action) {
    case 'collect':
      return settings.collectUnits;
    case 'rebalance':
      return settings.rebalanceUnits;
    case 'rebalance-without-swap':
      return settings.rebalanceWithoutSwapUnits;
    case 'exit':
      return settings.exitUnits;
    default:
      return unreachable(action);
  }
}

/** Data fee on the layer below of an action, wei; of one that was not read the rebalance’s, which is the largest. */
export function l1FeeWeiOf(action: PaidAction, { l1FeeWei, l1FeesWei }: Market['gas']): bigint {
  switch (action) {
    case 'collect':
      return l1FeesWei?.collect ?? l1FeeWei;
    case 'rebalance':
      return l1FeeWei;
    case 'rebalance-without-swap':
      return l1FeesWei?.rebalanceWithoutSwap ?? l1FeeWei;
    case 'exit':
      return l1FeesWei?.exit ?? l1FeeWei;
    default:
      return unreachable(action);
  }
}

/** Expected cost of an action in micro-dollars at the gas price of the market, data fee and margin included; rounded up. */
export function gasCostUsdE6RoundingUp(
  market: Pick<Market, 'gas' | 'nativePriceUsdE6'>,
  action: PaidAction,
  settings: DecisionSettings['gas'],
): number {
  const { baseFeeWei, priorityFeeWei } = market.gas;
  const wei = BigInt(gasUnitsOf(action, settings)) * (baseFeeWei + priorityFeeWei) + l1FeeWeiOf(action, market.gas);
  const scaled = wei * BigInt(10_000 + settings.marginBps) * BigInt(market.nativePriceUsdE6);
  const divisor = 10_000n * WEI_PER_COIN;
  const usdE6 = (scaled + divisor - 1n) / divisor;
  return usdE6 > DEAREST_USD_E6 ? Number(DEAREST_USD_E6) : Number(usdE6);
}

/** A billion dollars fails any gate. */
const DEAREST_USD_E6 = 10n ** 15n;

function unreachable(action: never): never {
  throw new Error(`an action of an unknown kind: ${String(action)}`);
}
