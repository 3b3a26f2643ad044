import type { MarketBlock } from '@rangeward/localnet/market-block';
import { type MarketOptions, marketBlocks } from '@rangeward/localnet/market-model';
import type { Trade } from '@rangeward/market-data/swap-history';
import { sqrtPriceX96FromStablePerVolatile } from '@rangeward/uniswap-v3/price';

/**
 * The seeded market traded against a pool of one liquidity, in floating point: what the chain would log, without a chain,
 * a thousand times as fast. Amounts and prices are right to the digits of a number; nothing here counts money.
 */
export type SimulatedBlock = { readonly block: number; readonly timeS: number; readonly trades: readonly Trade[] };

/** Liquidity of the measured day, 1.16e19, in whole dollars and ether: see market-model.ts. */
const LIQUIDITY = 1.16e7;
const FEE = 0.0005;

/** Endless blocks of trades; stop by leaving the loop. The pool begins at the external price. */
export function* simulateTrades(seed: number, options: Partial<MarketOptions>): Generator<SimulatedBlock, never> {
  const blocks = marketBlocks(seed, options);
  let root = 0;
  for (let block = 1; ; block++) {
    // An endless generator has a value each time.
    const { timestampS, swaps } = blocks.next().value;
    const trades: Trade[] = [];
    for (const swap of swaps) {
      root ||= startRoot(swap);
      const to = rootAfter(swap, root);
      if (to === root) continue;
      trades.push(tradeOf({ block, timeS: timestampS, logIndex: trades.length }, root, to));
      root = to;
    }
    yield { block, timeS: timestampS, trades };
  }
}

type Swap = MarketBlock['swaps'][number];

function startRoot(swap: Swap): number {
  if (swap.kind !== 'arbitrage') throw new Error('a block of the market model begins with the arbitrage');
  return Math.sqrt(Number(swap.priceUsdE6) / 1e6);
}

/** Root of the price in dollars after the swap; the same when there is nothing to do. */
function rootAfter(swap: Swap, root: number): number {
  if (swap.kind === 'to-price') throw new Error('the market model has no swaps to a price');
  if (swap.kind === 'amount') {
    const usd = (Number(swap.amountUsdE6) / 1e6) * (1 - FEE);
    return swap.side === 'buy-weth' ? root + usd / LIQUIDITY : 1 / (1 / root + usd / root ** 2 / LIQUIDITY);
  }
  const external = Number(swap.priceUsdE6) / 1e6;
  const gapBps = 1e4 * Math.log(external / root ** 2);
  if (Math.abs(gapBps) <= swap.triggerBps) return root;
  return Math.sqrt(external * Math.exp((-Math.sign(gapBps) * swap.stopBps) / 1e4));
}

function tradeOf(at: Pick<Trade, 'block' | 'timeS' | 'logIndex'>, from: number, to: number): Trade {
  const bought = to > from;
  const usd = (LIQUIDITY * Math.abs(to - from)) / (bought ? 1 - FEE : 1);
  const ether = (LIQUIDITY * Math.abs(1 / to - 1 / from)) / (bought ? 1 : 1 - FEE);
  return {
    ...at,
    sqrtPriceX96: sqrtPriceX96FromStablePerVolatile({ price: to ** 2, stable: 0, decimals0: 6, decimals1: 18 }),
    priceUsdE6: Math.round(to ** 2 * 1e6),
    stable: BigInt(Math.round(usd * 1e6)),
    volatile: BigInt(Math.round(ether * 1e9)) * 10n ** 9n,
  };
}
