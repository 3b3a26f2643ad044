import { type Address, decodeEventLog, type Hex, parseAbi } from 'viem';

/** Where a log stands: `timestampS` is its block's time in Unix seconds. */
export type LogPlace = {
  readonly blockNumber: bigint;
  readonly timestampS: number;
  readonly transactionHash: Hex;
  readonly transactionIndex: number;
  readonly logIndex: number;
};

/** Amounts are raw token units from the pool's view: positive came in, negative went out. State is that after the swap. */
export type SwapEvent = LogPlace & {
  readonly kind: 'swap';
  readonly sender: Address;
  readonly recipient: Address;
  readonly amount0: bigint;
  readonly amount1: bigint;
  readonly sqrtPriceX96: bigint;
  readonly liquidity: bigint;
  readonly tick: number;
};

/** `liquidity` is the change (Mint's and Burn's `amount`), always positive; amounts are raw token units. */
export type LiquidityEvent = LogPlace & {
  readonly kind: 'mint' | 'burn';
  readonly owner: Address;
  readonly tickLower: number;
  readonly tickUpper: number;
  readonly liquidity: bigint;
  readonly amount0: bigint;
  readonly amount1: bigint;
};

export type CollectEvent = LogPlace & {
  readonly kind: 'collect';
  readonly owner: Address;
  readonly recipient: Address;
  readonly tickLower: number;
  readonly tickUpper: number;
  readonly amount0: bigint;
  readonly amount1: bigint;
};

export type PoolEvent = SwapEvent | LiquidityEvent | CollectEvent;

// The events of IUniswapV3PoolEvents in @uniswap/v3-core 1.0.1 that move price, liquidity or tokens.
const poolEvents = parseAbi([
  'event Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96, uint128 liquidity, int24 tick)',
  'event Mint(address sender, address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount, uint256 amount0, uint256 amount1)',
  'event Burn(address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount, uint256 amount0, uint256 amount1)',
  'event Collect(address indexed owner, address recipient, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount0, uint128 amount1)',
]);

/**
 * The event in a pool's log.
 * @throws viem's decoding errors when the topics are not those of Swap, Mint, Burn or Collect, or the data do not fit them.
 */
export function decodePoolEvent(place: LogPlace, topics: [Hex, ...Hex[]], data: Hex): PoolEvent {
  const decoded = decodeEventLog({ abi: poolEvents, topics, data, strict: true });
  switch (decoded.eventName) {
    case 'Swap':
      return { kind: 'swap', ...place, ...decoded.args };
    case 'Mint':
    case 'Burn': {
      const { owner, tickLower, tickUpper, amount: liquidity, amount0, amount1 } = decoded.args;
      const kind = decoded.eventName === 'Mint' ? 'mint' : 'burn';
      return { kind, ...place, owner, tickLower, tickUpper, liquidity, amount0, amount1 };
    }
    case 'Collect':
      return { kind: 'collect', ...place, ...decoded.args };
  }
}
