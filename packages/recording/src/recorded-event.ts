import type { PoolEvent } from '@rangeward/uniswap-v3/pool-replay';
import { type Address, decodeEventLog, type Hex, parseAbi } from 'viem';

/** Where a log stands; `timestampS` is its block's time in Unix seconds. */
export type LogPlace = {
  readonly blockNumber: number;
  readonly timestampS: number;
  readonly transactionHash: Hex;
  readonly transactionIndex: number;
  readonly logIndex: number;
  /** Where the source says it. */
  readonly blockHash?: Hex | undefined;
};

/** Who acted, beside what the replay needs of an event. Addresses are in lower case. */
type Actors = {
  readonly initialize: unknown;
  readonly swap: { readonly sender: Address; readonly recipient: Address };
  readonly mint: { readonly owner: Address };
  readonly burn: { readonly owner: Address };
  readonly collect: { readonly owner: Address; readonly recipient: Address };
  readonly flash: { readonly amount0: bigint; readonly amount1: bigint };
  readonly 'set-fee-protocol': unknown;
  readonly 'collect-protocol': { readonly recipient: Address };
};

type OfKind<Kind extends PoolEvent['kind']> = Kind extends unknown
  ? PoolEvent & { readonly kind: Kind } & LogPlace & Actors[Kind]
  : never;

/**
 * A pool's log with all it says, and where it stands; what `replayEvents` takes. Amounts are raw token units; a swap's are
 * from the pool's side (positive came in), its price, liquidity and tick those after it. `liquidity` of a mint or burn is
 * the change, always positive.
 */
export type RecordedEvent = OfKind<PoolEvent['kind']>;

export type RecordedSwap = Extract<RecordedEvent, { readonly kind: 'swap' }>;

/** All events of one block, in log order. */
export type RecordedBlock = {
  readonly blockNumber: number;
  readonly timestampS: number;
  readonly events: readonly RecordedEvent[];
};

/** The events of IUniswapV3PoolEvents in @uniswap/v3-core 1.0.1 that move price, liquidity, fees or tokens; all but the oracle's. */
export const poolEventsAbi = parseAbi([
  'event Initialize(uint160 sqrtPriceX96, int24 tick)',
  'event Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96, uint128 liquidity, int24 tick)',
  'event Mint(address sender, address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount, uint256 amount0, uint256 amount1)',
  'event Burn(address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount, uint256 amount0, uint256 amount1)',
  'event Collect(address indexed owner, address recipient, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount0, uint128 amount1)',
  'event Flash(address indexed sender, address indexed recipient, uint256 amount0, uint256 amount1, uint256 paid0, uint256 paid1)',
  'event SetFeeProtocol(uint8 feeProtocol0Old, uint8 feeProtocol1Old, uint8 feeProtocol0New, uint8 feeProtocol1New)',
  'event CollectProtocol(address indexed sender, address indexed recipient, uint128 amount0, uint128 amount1)',
]);

/**
 * The event in a pool's log.
 * @throws viem's decoding errors when the topics are of none of these events, or the data do not fit them.
 */
export function decodePoolEvent(place: LogPlace, topics: [Hex, ...Hex[]], data: Hex): RecordedEvent {
  const decoded = decodeEventLog({ abi: poolEventsAbi, topics, data, strict: true });
  switch (decoded.eventName) {
    case 'Initialize':
      return { kind: 'initialize', ...place, ...decoded.args };
    case 'Swap': {
      const { sender, recipient, ...outcome } = decoded.args;
      return { kind: 'swap', ...place, sender: lower(sender), recipient: lower(recipient), ...outcome };
    }
    case 'Mint':
    case 'Burn': {
      const { owner, tickLower, tickUpper, amount: liquidity, amount0, amount1 } = decoded.args;
      const change = { owner: lower(owner), tickLower, tickUpper, liquidity, amount0, amount1 };
      return { kind: decoded.eventName === 'Mint' ? 'mint' : 'burn', ...place, ...change };
    }
    case 'Collect': {
      const { owner, recipient, ...rest } = decoded.args;
      return { kind: 'collect', ...place, owner: lower(owner), recipient: lower(recipient), ...rest };
    }
    case 'Flash': {
      const { amount0, amount1, paid0, paid1 } = decoded.args;
      return { kind: 'flash', ...place, amount0, amount1, paid0, paid1 };
    }
    case 'SetFeeProtocol': {
      const { feeProtocol0New, feeProtocol1New } = decoded.args;
      return { kind: 'set-fee-protocol', ...place, feeProtocol0: feeProtocol0New, feeProtocol1: feeProtocol1New };
    }
    case 'CollectProtocol': {
      const { recipient, amount0, amount1 } = decoded.args;
      return { kind: 'collect-protocol', ...place, recipient: lower(recipient), amount0, amount1 };
    }
  }
}

/** Groups events that follow one another in the same block. */
export async function* recordedBlocks(
  events: AsyncIterable<RecordedEvent> | Iterable<RecordedEvent>,
): AsyncGenerator<RecordedBlock> {
  let block: { blockNumber: number; timestampS: number; events: RecordedEvent[] } | undefined;
  for await (const event of events) {
    if (block?.blockNumber === event.blockNumber) {
      block.events.push(event);
      continue;
    }
    if (block !== undefined) yield block;
    block = { blockNumber: event.blockNumber, timestampS: event.timestampS, events: [event] };
  }
  if (block !== undefined) yield block;
}

function lower(address: Address): Address {
  // Lower case keeps it an address.
  return address.toLowerCase() as Address;
}
