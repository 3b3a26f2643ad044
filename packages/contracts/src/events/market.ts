import { z } from 'zod';
import { defineEvent } from '../define-event.ts';
import {
  address,
  chainName,
  hash32,
  isoTime,
  poolAddress,
  positionId,
  priceUsdE6,
  tickIndex,
  tokenId,
  uint,
  usdE6,
} from '../quantities.ts';
import { run, runAddress } from './run.ts';

const blockRef = z.object({
  number: z.int().nonnegative(),
  hash: hash32('hash of the block'),
  time: isoTime('time of the block'),
});

export const tick = defineEvent({
  name: 'tick',
  description: 'A watched pool changed in a block.',
  stream: 'LP_TICKS',
  saidBy: ['market-data'],
  address: ['chain', 'pool'],
  schema: z.object({
    chain: chainName,
    pool: poolAddress,
    block: blockRef,
    tick: tickIndex('tick after the block’s last swap'),
    sqrtPriceX96: uint('square root of token1/token0 after the block, Q64.96'),
    liquidity: uint('liquidity in range after the block’s last swap'),
    priceUsdE6: priceUsdE6('price after the block'),
    swaps: z.int().nonnegative().describe('number of swaps in the block'),
    volumeUsdE6: usdE6('value traded in the block'),
    complete: z.boolean().describe('false when the feed may have missed logs before this block'),
  }),
  key: (data) => `${data.chain}/${data.pool}/${data.block.hash}`,
});

const token = z.object({
  address: address('address of the token'),
  symbol: z.string().describe('configured name of the token; never read from the token itself'),
  decimals: z.int().min(0).max(36),
});

const poolState = z
  .object({
    address: poolAddress,
    feePips: z.int().describe('fee of the pool, hundredths of a basis point: 500 = 0.05 %'),
    tickSpacing: z.int().positive(),
    token0: token,
    token1: token,
    stable: z
      .union([z.literal(0), z.literal(1)])
      .describe('which token is the dollar: 0 on Ethereum USDC/WETH, 1 on Base'),
    sqrtPriceX96: uint('square root of token1/token0 in raw units, Q64.96'),
    tick: tickIndex('tick of the pool'),
    twapTick: tickIndex('time-weighted average tick over the guard window, rounded toward minus infinity').nullable(),
    twapWindowS: z.int().nonnegative().describe('length of the guard window; 0 when the oracle cannot answer'),
    liquidity: uint('liquidity in range'),
    feeProtocol0: z.int().describe('1/n of the fees in token0 go to the protocol, 0 = none'),
    feeProtocol1: z.int().describe('1/n of the fees in token1 go to the protocol, 0 = none'),
    feeGrowthGlobal0X128: uint('fee growth per unit of liquidity, token0, Q128.128'),
    feeGrowthGlobal1X128: uint('fee growth per unit of liquidity, token1, Q128.128'),
    priceUsdE6: priceUsdE6('price of the pool'),
  })
  .describe('state of the pool at the block');

const positionState = z
  .object({
    id: positionId,
    tokenId,
    owner: address('owner of the NFT'),
    tickLower: tickIndex('lower tick, included'),
    tickUpper: tickIndex('upper tick, excluded'),
    liquidity: uint('liquidity of the position'),
    amount0: uint('token0 that a burn would give, rounded down'),
    amount1: uint('token1 that a burn would give, rounded down'),
    fees0: uint('uncollected fees in token0'),
    fees1: uint('uncollected fees in token1'),
    inRange: z.boolean().describe('tickLower <= tick < tickUpper'),
    valueUsdE6: usdE6('principal and uncollected fees at the price of the pool, rounded down'),
    feesUsdE6: usdE6('uncollected fees at the price of the pool, rounded down'),
    entry: z
      .object({ amount0: uint('token0 put in at entry'), amount1: uint('token1 put in at entry') })
      .nullable()
      .describe('what holding instead of providing would hold; null when the entry is not known'),
    hodlUsdE6: usdE6('the entry amounts at the price of the pool, rounded down').nullable(),
    idle: z
      .object({ amount0: uint('token0 left in the wallet'), amount1: uint('token1 left in the wallet') })
      .optional()
      .describe(
        'leftovers of rebalances and collected fees that this position’s plans left in the wallet; holding is compared with value and idle together; absent in messages from before it was kept',
      ),
    idleUsdE6: usdE6('the idle amounts at the price of the pool, rounded down').optional(),
  })
  .describe('state of the position at the block');

export const candle = z.object({
  startS: z.int().describe('start of the candle, seconds since 1970 UTC'),
  open: priceUsdE6('first price'),
  high: priceUsdE6('highest price'),
  low: priceUsdE6('lowest price'),
  close: priceUsdE6('last price'),
  volumeUsdE6: usdE6('value traded'),
  swaps: z.int().nonnegative(),
});
export type Candle = z.output<typeof candle>;

const gasState = z
  .object({
    baseFeeWei: uint('base fee of the next block, wei'),
    priorityFeeWei: uint('priority fee that is being paid, wei'),
    l1FeeWei: uint(
      'data fee on the layer below for all transactions of a typical rebalance with a swap, wei; 0 where there is none',
    ),
    l1FeesWei: z
      .object({
        rebalanceWithoutSwap: uint('for a rebalance without a swap'),
        collect: uint('for collecting fees'),
        exit: uint('for taking everything out'),
      })
      .optional()
      .describe('the same data fee for the other things a plan can do; absent in messages from before it was read'),
  })
  .describe('price of gas');

export const recentFees = z
  .object({
    windowS: z.int().positive().describe('length of the window that ends with the block, seconds'),
    growth0X128: uint('fees per unit of liquidity in token0 over the window, Q128.128'),
    growth1X128: uint('fees per unit of liquidity in token1 over the window, Q128.128'),
  })
  .describe('fees that liquidity in range really earned, the protocol’s share taken off');
export type RecentFees = z.output<typeof recentFees>;

const swapQuote = z
  .object({
    zeroForOne: z.boolean().describe('token0 is sold'),
    amountIn: uint('sold, fee included'),
    amountOut: uint('what the pool would pay'),
  })
  .describe('a swap in this pool, quoted at the block');
export type SwapQuote = z.output<typeof swapQuote>;

export const market = z.object({
  block: blockRef,
  pool: poolState,
  position: positionState,
  gas: gasState,
  nativePriceUsdE6: priceUsdE6('price of the coin that pays for gas'),
  recentFees: recentFees.optional().describe('absent without swaps, and in messages from before it was measured'),
  swapQuotes: z
    .array(swapQuote)
    .max(16)
    .optional()
    .describe('up to all that the position holds of each token; absent in messages from before it was asked'),
});
export type Market = z.output<typeof market>;

export const marketObserved = defineEvent({
  name: 'market-observed',
  description: 'Pool, position, candles and gas of a run, all read at one block.',
  stream: 'LP_EVENTS',
  saidBy: ['market-data'],
  address: runAddress,
  schema: z.object({
    run,
    market,
    candleSeconds: z.int().positive().describe('length of each candle'),
    candles: z.array(candle).max(600).describe('candles of the look-back from Swap events, oldest first, without gaps'),
    vwapWindow: z
      .array(
        z.object({
          block: z.int().nonnegative(),
          volatile: uint('raw amount of the volatile token traded in the block'),
          stable: uint('raw amount of the dollar token traded in the block'),
        }),
      )
      .max(2000)
      .describe('blocks of the rolling window that had swaps, oldest first'),
    vwapWindowBlocks: z.int().positive().describe('length of the rolling window in blocks'),
    realisedAnnual: z.number().nonnegative().nullable().describe('annualised realised volatility of the recent window'),
    normalAnnual: z.number().nonnegative().nullable().describe('annualised volatility of the look-back'),
    feedComplete: z.boolean().describe('false when the look-back may lack logs'),
  }),
});
