import { toChainError } from '@rangeward/adapter-evm/chain-error';
import type { ChainReader } from '@rangeward/adapter-evm/client';
import { readTicks } from '@rangeward/adapter-evm/read-ticks';
import type { RecordedEvent } from '@rangeward/recording/recorded-event';
import type { RecordedPosition, RecordedStart, RecordingHeader } from '@rangeward/recording/recording-format';
import { type Address, BaseError, encodePacked, keccak256, parseAbi } from 'viem';

const poolAbi = parseAbi([
  'function token0() view returns (address)',
  'function token1() view returns (address)',
  'function fee() view returns (uint24)',
  'function tickSpacing() view returns (int24)',
  'function slot0() view returns (uint160 sqrtPriceX96, int24 tick, uint16, uint16, uint16, uint8 feeProtocol, bool)',
  'function liquidity() view returns (uint128)',
  'function feeGrowthGlobal0X128() view returns (uint256)',
  'function feeGrowthGlobal1X128() view returns (uint256)',
  'function protocolFees() view returns (uint128 token0, uint128 token1)',
  'function positions(bytes32) view returns (uint128 liquidity, uint256 feeGrowthInside0LastX128, uint256 feeGrowthInside1LastX128, uint128 tokensOwed0, uint128 tokensOwed1)',
]);
const tokenAbi = parseAbi(['function symbol() view returns (string)', 'function decimals() view returns (uint8)']);

type Terms = Pick<RecordingHeader, 'pool' | 'feePips' | 'tickSpacing' | 'token0' | 'token1'>;

/** What never changes of a pool, read at the head. Throws ChainError when there is no pool at the address. */
export async function readPoolTerms(chain: ChainReader, pool: Address): Promise<Terms> {
  const read = { address: pool, abi: poolAbi } as const;
  try {
    const [token0, token1, feePips, tickSpacing] = await Promise.all([
      chain.client.readContract({ ...read, functionName: 'token0' }),
      chain.client.readContract({ ...read, functionName: 'token1' }),
      chain.client.readContract({ ...read, functionName: 'fee' }),
      chain.client.readContract({ ...read, functionName: 'tickSpacing' }),
    ]);
    const tokens = await Promise.all([readToken(chain, token0), readToken(chain, token1)]);
    return { pool: lower(pool), feePips, tickSpacing, token0: tokens[0], token1: tokens[1] };
  } catch (cause) {
    throw toChainError(chain.name, `reading ${pool} as a Uniswap V3 pool`, cause);
  }
}

async function readToken(chain: ChainReader, address: Address): Promise<Terms['token0']> {
  const read = { address, abi: tokenAbi } as const;
  const decimals = await chain.client.readContract({ ...read, functionName: 'decimals' });
  // Some old tokens answer bytes32; the symbol is for people only.
  const symbol = await chain.client.readContract({ ...read, functionName: 'symbol' }).catch(() => address.slice(0, 8));
  return { address: lower(address), symbol: symbol.slice(0, 64), decimals };
}

/**
 * The pool at the end of a block, with all ticks and those positions that the events name. Null when the node does not
 * keep the state of that block any more. Throws ChainError when it fails otherwise.
 */
export async function readPoolState(
  chain: ChainReader,
  { pool, tickSpacing }: Terms,
  block: number,
  events: Iterable<RecordedEvent>,
): Promise<RecordedStart | null> {
  const blockNumber = BigInt(block);
  const read = { address: pool, abi: poolAbi, blockNumber } as const;
  const { client } = chain;
  try {
    const code = await client.getCode({ address: pool, blockNumber });
    if (code === undefined || code === '0x') return beforeCreation();
    const [slot0, liquidity, feeGrowthGlobal0X128, feeGrowthGlobal1X128, protocolFees] = await Promise.all([
      client.readContract({ ...read, functionName: 'slot0' }),
      client.readContract({ ...read, functionName: 'liquidity' }),
      client.readContract({ ...read, functionName: 'feeGrowthGlobal0X128' }),
      client.readContract({ ...read, functionName: 'feeGrowthGlobal1X128' }),
      client.readContract({ ...read, functionName: 'protocolFees' }),
    ]);
    return {
      ...{ sqrtPriceX96: slot0[0], tick: slot0[1], liquidity, feeProtocol: slot0[5] },
      ...{ feeGrowthGlobal0X128, feeGrowthGlobal1X128 },
      ...{ protocolFees0: protocolFees[0], protocolFees1: protocolFees[1] },
      ticks: (await readTicks(chain, { pool, tickSpacing, block: { blockNumber } })).map(([tick, info]) => ({
        tick,
        ...info,
      })),
      positions: await readPositions(chain, pool, blockNumber, events),
    };
  } catch (cause) {
    if (isForgotten(cause)) return null;
    throw toChainError(chain.name, `reading the pool at block ${block}`, cause);
  }
}

/** A pool that is not there yet: its own first events make it. */
function beforeCreation(): RecordedStart {
  return {
    ...{ sqrtPriceX96: 0n, tick: 0, liquidity: 0n, feeProtocol: 0, protocolFees0: 0n, protocolFees1: 0n },
    ...{ feeGrowthGlobal0X128: 0n, feeGrowthGlobal1X128: 0n, ticks: [], positions: [] },
  };
}

async function readPositions(
  { client }: ChainReader,
  pool: Address,
  blockNumber: bigint,
  events: Iterable<RecordedEvent>,
): Promise<RecordedPosition[]> {
  const named = new Map<string, { owner: Address; tickLower: number; tickUpper: number }>();
  for (const event of events) {
    if (event.kind !== 'mint' && event.kind !== 'burn' && event.kind !== 'collect') continue;
    const { owner, tickLower, tickUpper } = event;
    named.set(`${owner}:${tickLower}:${tickUpper}`, { owner, tickLower, tickUpper });
  }
  const positions = await Promise.all(
    [...named.values()].map(async ({ owner, tickLower, tickUpper }) => {
      const key = keccak256(encodePacked(['address', 'int24', 'int24'], [owner, tickLower, tickUpper]));
      const read = { address: pool, abi: poolAbi, functionName: 'positions', args: [key], blockNumber } as const;
      const [liquidity, inside0, inside1, tokensOwed0, tokensOwed1] = await client.readContract(read);
      const inside = { feeGrowthInside0LastX128: inside0, feeGrowthInside1LastX128: inside1 };
      return { owner, tickLower, tickUpper, liquidity, ...inside, tokensOwed0, tokensOwed1 };
    }),
  );
  return positions.filter(
    (held) =>
      held.liquidity + held.tokensOwed0 + held.tokensOwed1 > 0n ||
      held.feeGrowthInside0LastX128 + held.feeGrowthInside1LastX128 > 0n,
  );
}

/** Nodes that keep no old states say so in many words; the ones of geth, reth, erigon, nethermind and the big providers. */
function isForgotten(error: unknown): boolean {
  const words = error instanceof BaseError ? `${error.message} ${error.details}` : String(error);
  return /missing trie node|historical state|state .*(not available|unavailable|pruned)|archive|pruned|header not found|BlockOutOfRange|old data not available|no state found/i.test(
    words,
  );
}

function lower(address: Address): Address {
  // Lower case keeps it an address.
  return address.toLowerCase() as Address;
}
