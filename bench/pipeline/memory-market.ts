import type { BlockHeader } from '@rangeward/adapter-evm/block-header';
import type { ChainReader } from '@rangeward/adapter-evm/client';
import { knownChains } from '@rangeward/adapter-evm/known-chains';
import type { WalletState } from '@rangeward/adapter-evm/wallet-state';
import type { Trade } from '@rangeward/market-data/swap-history';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';

/**
 * What stands in for the chain: one block of one USDC/WETH pool, answered from memory. The price has left the range of
 * every position upwards, so that each run ends in a rebalance.
 */
export const place = { chain: 'local', pool: '0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640' } as const;
export const wallet = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';
/** NFTs are numbered from here, a position each. */
export const FIRST_TOKEN_ID = 1_000n;

const TICK = 196_256;
const range = { tickLower: 195_250, tickUpper: 196_050 };
const LIQUIDITY = 10n ** 16n;
const POOL_LIQUIDITY = 10n ** 19n;
const PRICE_USD_E6 = 3_000_000_000;
/** At about 3,000 dollars. */
const WEI_PER_MICRO_DOLLAR = 333_000_000n;
const usdc = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
const weth = '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2';
const END_S = 1_767_571_200;

export const block: BlockHeader = {
  number: 24_000_000,
  hash: `0x${'1a'.repeat(32)}`,
  parentHash: `0x${'1b'.repeat(32)}`,
  timestampS: END_S,
  baseFeeWei: 10n ** 9n,
  logsBloom: undefined,
};

const Q128 = 1n << 128n;
type Answer = (args: readonly unknown[]) => unknown;

const answers: Readonly<Record<string, Answer>> = {
  slot0: () => [getSqrtRatioAtTick(TICK), TICK, 0, 1, 1, 0, true],
  liquidity: () => POOL_LIQUIDITY,
  feeGrowthGlobal0X128: () => 3n * Q128,
  feeGrowthGlobal1X128: () => 2n * Q128,
  token0: () => usdc,
  token1: () => weth,
  fee: () => 500,
  tickSpacing: () => 10,
  observe: ([ago]) => {
    const [windowS] = ago as readonly [number];
    return [[0n, BigInt(TICK) * BigInt(windowS)], []];
  },
  ownerOf: () => wallet,
  positions: () => {
    const { tickLower, tickUpper } = range;
    const nobody = `0x${'0'.repeat(40)}`;
    return [0n, nobody, usdc, weth, 500, tickLower, tickUpper, LIQUIDITY, 0n, 0n, 5_000_000n, 10n ** 15n];
  },
  quoteExactInputSingle: ([params]) => {
    const { tokenIn, amountIn } = params as { tokenIn: string; amountIn: bigint };
    const amountOut = tokenIn === usdc ? amountIn * WEI_PER_MICRO_DOLLAR : amountIn / WEI_PER_MICRO_DOLLAR;
    return [amountOut, 0n, 0, 0n];
  },
  ticks: () => [0n, 0n, 0n, 0n, 0n, 0n, 0, true],
};

/** A reader whose node is a table: nothing is encoded, sent or decoded. */
export function memoryChain(): ChainReader {
  const readContract = ({ functionName, args }: { functionName: string; args?: readonly unknown[] }) => {
    const answer = answers[functionName];
    if (answer === undefined) throw new Error(`the chain in memory knows no ${functionName}`);
    return Promise.resolve(answer(args ?? []));
  };
  return {
    name: place.chain,
    known: knownChains.local,
    // Of the client only readContract is used by what reads pools and positions.
    client: { readContract } as unknown as ChainReader['client'],
    request: async (method) => {
      // Its first block is not kept, as with a node that does not keep everything.
      if (method === 'eth_getBlockByNumber') return null;
      if (method !== 'eth_feeHistory') throw new Error(`the chain in memory knows no ${method}`);
      return {
        baseFeePerGas: Array(6).fill('0x3b9aca00'),
        gasUsedRatio: Array(5).fill(0.5),
        reward: Array(5).fill(['0x5f5e100']),
      };
    },
    openSocket: undefined,
  };
}

/** The same block as the executor sees it. */
export function memoryWalletState(): WalletState {
  return {
    chainId: knownChains.local.chainId,
    block: { number: block.number, timestampS: BigInt(END_S), baseFeeWei: block.baseFeeWei },
    priorityFeeWei: 10n ** 8n,
    nonce: 7,
    pool: { sqrtPriceX96: getSqrtRatioAtTick(TICK), tick: TICK, liquidity: POOL_LIQUIDITY, twapTick: TICK },
    position: { owner: wallet, token0: usdc, token1: weth, feePips: 500, ...range, liquidity: LIQUIDITY },
  };
}

/** A look-back of trades, `perCandle` in each five minutes as on a real day, a hundred million dollars a day. */
export function memoryTrades(lookbackS: number, perCandle: number): readonly Trade[] {
  const stepS = 300 / perCandle;
  const count = Math.floor(lookbackS / stepS);
  const stable = BigInt(Math.round((100_000_000 * 1e6 * stepS) / 86_400));
  return Array.from({ length: count }, (_, index) => {
    const priceUsdE6 = Math.round(PRICE_USD_E6 * Math.exp(0.002 * Math.sin(index * 0.61)));
    const timeS = Math.ceil(END_S - lookbackS + index * stepS);
    return {
      block: block.number - Math.floor((END_S - timeS) / 12),
      logIndex: index % 7,
      timeS,
      priceUsdE6,
      // Of the dollar in the volatile token, so the other way round; as many digits as a double has.
      sqrtPriceX96: BigInt(Math.round(Number(getSqrtRatioAtTick(TICK)) * Math.sqrt(PRICE_USD_E6 / priceUsdE6))),
      stable,
      volatile: (stable * 10n ** 18n) / BigInt(priceUsdE6),
    };
  });
}
