import { baseFees } from '@rangeward/localnet/base-fees';
import { type MarketRegime, marketBlocks, marketRegimes } from '@rangeward/localnet/market-model';
import { mint } from '@rangeward/uniswap-v3/pool-liquidity';
import { createPool, type Pool } from '@rangeward/uniswap-v3/pool-state';
import { sqrtPriceX96FromStablePerVolatile } from '@rangeward/uniswap-v3/price';
import { usableTicks } from '@rangeward/uniswap-v3/tick-grid';
import type { GasPrices, Market } from './market.ts';
import { type PoolTerms, sqrtPriceAtUsd, usdcWethTerms } from './pool-terms.ts';
import { createReplayedMarket, type ReplayBlock } from './replayed-market.ts';

export type SimulatedOptions = {
  readonly regime: MarketRegime;
  readonly seed: number;
  readonly days: number;
  /** Lived through before the first day, to have something to look back on. */
  readonly warmUpS: number;
  readonly stable?: 0 | 1;
  /** 1/n of the fees go to the protocol; 0 none. */
  readonly protocolPart?: number;
};

const START_S = 1_767_225_600;
const START_PRICE_USD = 3000;
const BLOCK_S = 12;
const TIP_WEI = 50_000_000n;

/** In range on the measured day of mainnet's pool; see packages/localnet, market-model. */
const OTHERS_LIQUIDITY = 11_600_000_000_000_000_000n;

/**
 * The seeded market against a pool in memory: no chain, no network, the same seed is the same past. The others provide the
 * measured depth over all prices; the arbitrageur knows the price elsewhere and answers to whatever we do to the pool.
 */
export function createSimulatedMarket(options: SimulatedOptions): Market {
  const terms = usdcWethTerms({ stable: options.stable ?? 0, protocolPart: options.protocolPart ?? 0 });
  const count = Math.ceil((options.days * 86_400 + options.warmUpS) / BLOCK_S);
  const source = marketBlocks(options.seed, {
    ...marketRegimes[options.regime],
    startTimestampS: START_S - options.warmUpS,
  });
  const blocks: ReplayBlock[] = [];
  for (const { timestampS, swaps } of source) {
    if (blocks.length === count) break;
    const known = swaps.find((swap) => swap.kind === 'arbitrage');
    blocks.push({
      timeS: timestampS,
      number: 20_000_000 + blocks.length,
      acts: swaps.map((swap) => ({ kind: 'wish', swap }) as const),
      outsideSqrtPrice: known === undefined ? null : sqrtPriceAtUsd(terms, Number(known.priceUsdE6) / 1e6),
    });
  }
  return createReplayedMarket({
    about: `a ${options.regime} market of seed ${options.seed}, USDC/WETH 0.05 %`,
    method: 'the whole pool in memory, to the wei, with our liquidity in it; an arbitrageur answers to us',
    terms,
    start: startPool(terms),
    blocks,
    gas: simulatedGas(options.seed, START_S - options.warmUpS, count),
    answersToUs: true,
  });
}

function startPool(terms: PoolTerms): Pool {
  const decimals = { decimals0: terms.token0.decimals, decimals1: terms.token1.decimals };
  const sqrtPriceX96 = sqrtPriceX96FromStablePerVolatile({ price: START_PRICE_USD, stable: terms.stable, ...decimals });
  const { feePips, tickSpacing, feeProtocol } = terms;
  const pool = createPool({ feePips, tickSpacing, feeProtocol, sqrtPriceX96 });
  mint(pool, { owner: 'others', ...usableTicks(tickSpacing), liquidity: OTHERS_LIQUIDITY });
  return pool;
}

function simulatedGas(seed: number, firstS: number, count: number): GasPrices {
  const fees = new Float64Array(count);
  const source = baseFees(seed);
  for (let at = 0; at < count; at += 1) fees[at] = Number(source.next().value);
  return {
    about: 'base fee by block from the same seed, around 1 gwei',
    baseFeeWei: (timeS) => {
      const at = Math.floor((timeS - firstS) / BLOCK_S);
      return BigInt(fees[Math.min(count - 1, Math.max(0, at))] ?? 0);
    },
    priorityFeeWei: TIP_WEI,
    l1FeeWei: 0n,
  };
}
