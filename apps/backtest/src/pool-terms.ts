import { type WatchedPool, watchedPool } from '@rangeward/market-data/watched-pool';
import { protocolFeeOfInput } from '@rangeward/uniswap-v3/pool-state';

/** What never changes about the pool that is replayed, and what a recording may not say and somebody has to. */
export type PoolTerms = {
  readonly chain: string;
  readonly address: `0x${string}`;
  /** Hundredths of a basis point. */
  readonly feePips: number;
  readonly tickSpacing: number;
  readonly token0: { readonly symbol: string; readonly decimals: number };
  readonly token1: { readonly symbol: string; readonly decimals: number };
  /** Which token is the dollar: 0 on Ethereum's USDC/WETH, 1 on Base's. It has 6 decimals. */
  readonly stable: 0 | 1;
  /** slot0's byte: 1/(low half) of the fees on token0 in and 1/(high half) of those on token1 in are the protocol's; 0 none. */
  readonly feeProtocol: number;
  readonly blockTimeS: number;
};

const USDC = { symbol: 'USDC', decimals: 6 } as const;
const WETH = { symbol: 'WETH', decimals: 18 } as const;
const SPACINGS: Readonly<Record<number, number>> = { 100: 1, 500: 10, 3000: 60, 10000: 200 };

/**
 * A USDC/WETH pool with twelve-second blocks, of whose fees 1/`protocolPart` go to the protocol (0 unless told: none).
 * RangeError for a fee that no V3 pool has by default, or a part that none can have.
 */
export function usdcWethTerms(of: {
  readonly stable: 0 | 1;
  readonly feePips?: number;
  readonly protocolPart?: number;
}): PoolTerms {
  const feePips = of.feePips ?? 500;
  const tickSpacing = SPACINGS[feePips];
  if (tickSpacing === undefined) {
    throw new RangeError(`a fee of ${feePips} is none of Uniswap V3's: ${Object.keys(SPACINGS).join(', ')}`);
  }
  const part = of.protocolPart ?? 0;
  if (part !== 0 && !(Number.isInteger(part) && part >= 4 && part <= 10)) {
    throw new RangeError(`the protocol takes none of the fees (0) or from a quarter to a tenth (4 to 10), got ${part}`);
  }
  const [token0, token1] = of.stable === 0 ? [USDC, WETH] : [WETH, USDC];
  return {
    chain: 'backtest',
    // Mainnet's USDC/WETH 0.05 %; only a name here.
    address: '0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640',
    feePips,
    tickSpacing,
    token0,
    token1,
    stable: of.stable,
    feeProtocol: part + (part << 4),
    blockTimeS: 12,
  };
}

/** Stand-ins: which contracts the tokens are changes nothing that is reckoned. */
export const TOKEN_ADDRESSES = [`0x${'00'.repeat(19)}01`, `0x${'00'.repeat(19)}02`] as const;

/**
 * What liquidity earns for a unit that the root of the price moves, f / (1 - f), less the protocol's part of the token that
 * comes in. A number, for paths of which only numbers are known.
 */
export function feePerPathUnit({ feePips, feeProtocol }: PoolTerms, zeroForOne: boolean): number {
  const part = protocolFeeOfInput(feeProtocol, zeroForOne);
  return (feePips / (1_000_000 - feePips)) * (part === 0 ? 1 : 1 - 1 / part);
}

/** The square root of token1/token0 in raw units at so many dollars for a whole volatile token. */
export function sqrtPriceAtUsd({ stable, token0, token1 }: PoolTerms, priceUsd: number): number {
  return Math.sqrt((stable === 1 ? priceUsd : 1 / priceUsd) * 10 ** (token1.decimals - token0.decimals));
}

/** The pool as market-data knows one, so that its own functions can describe it. */
export function watchedPoolOf(terms: PoolTerms): WatchedPool {
  const { token0, token1, stable, address } = terms;
  const settings = {
    address,
    token0,
    token1,
    stable: stable === 0 ? ('token0' as const) : ('token1' as const),
    positions: [],
  } satisfies WatchedPool['settings'];
  return watchedPool(terms.chain, settings);
}
