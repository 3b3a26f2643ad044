import { twapTickRoundingDown } from '@rangeward/uniswap-v3/tick-grid';
import { type Address, BaseError, ContractFunctionRevertedError } from 'viem';
import { poolAbi } from './abis.ts';
import type { BlockHeader } from './block-header.ts';
import { toChainError } from './chain-error.ts';
import type { ChainReader } from './client.ts';
import { lowerAddress } from './lower-address.ts';

/** A pool's own state at one block, as the contracts hold it. */
export type PoolReading = {
  readonly address: Address;
  readonly token0: Address;
  readonly token1: Address;
  /** Hundredths of a basis point. */
  readonly feePips: number;
  readonly tickSpacing: number;
  readonly sqrtPriceX96: bigint;
  readonly tick: number;
  readonly liquidity: bigint;
  /** 1/n of the fees in the token go to the protocol; 0 is none. */
  readonly feeProtocol0: number;
  readonly feeProtocol1: number;
  readonly feeGrowthGlobal0X128: bigint;
  readonly feeGrowthGlobal1X128: bigint;
  /** Average over `twapWindowS`, rounded toward minus infinity; null (and a window of 0) when the oracle is too young. */
  readonly twapTick: number | null;
  readonly twapWindowS: number;
};

/** The pin that makes calls answer for exactly this block (EIP-1898): a node on another branch refuses. */
export function atBlock(block: Pick<BlockHeader, 'hash'>) {
  return { blockHash: block.hash } as const;
}

/** Reads a pool at exactly `block`, in one JSON-RPC batch. Throws ChainError, also when the block is gone. */
export async function readPool(
  chain: ChainReader,
  address: Address,
  block: Pick<BlockHeader, 'hash'>,
  twapWindowS: number,
): Promise<PoolReading> {
  const read = { address, abi: poolAbi, ...atBlock(block) } as const;
  const { client } = chain;
  try {
    const [slot0, liquidity, growth0, growth1, token0, token1, fee, tickSpacing, twapTick] = await Promise.all([
      client.readContract({ ...read, functionName: 'slot0' }),
      client.readContract({ ...read, functionName: 'liquidity' }),
      client.readContract({ ...read, functionName: 'feeGrowthGlobal0X128' }),
      client.readContract({ ...read, functionName: 'feeGrowthGlobal1X128' }),
      client.readContract({ ...read, functionName: 'token0' }),
      client.readContract({ ...read, functionName: 'token1' }),
      client.readContract({ ...read, functionName: 'fee' }),
      client.readContract({ ...read, functionName: 'tickSpacing' }),
      readTwap(chain, address, block, twapWindowS),
    ]);
    const [sqrtPriceX96, tick, , , , feeProtocol] = slot0;
    return {
      address,
      token0: lowerAddress(token0),
      token1: lowerAddress(token1),
      feePips: fee,
      tickSpacing,
      sqrtPriceX96,
      tick,
      liquidity,
      feeProtocol0: feeProtocol & 0xf,
      feeProtocol1: feeProtocol >> 4,
      feeGrowthGlobal0X128: growth0,
      feeGrowthGlobal1X128: growth1,
      twapTick,
      twapWindowS: twapTick === null ? 0 : twapWindowS,
    };
  } catch (cause) {
    throw toChainError(chain.name, `reading pool ${address}`, cause);
  }
}

/** The average tick over the window, or null when the pool's oracle does not reach so far back ("OLD"). */
async function readTwap(
  chain: ChainReader,
  address: Address,
  block: Pick<BlockHeader, 'hash'>,
  windowS: number,
): Promise<number | null> {
  try {
    const [[before, now]] = await chain.client.readContract({
      address,
      abi: poolAbi,
      functionName: 'observe',
      args: [[windowS, 0]],
      ...atBlock(block),
    });
    if (before === undefined || now === undefined) return null;
    return twapTickRoundingDown(now - before, windowS);
  } catch (cause) {
    if (isRevert(cause)) return null;
    throw cause;
  }
}

/** Whether the contract itself said no, as opposed to the node failing. */
export function isRevert(error: unknown): boolean {
  return error instanceof BaseError && error.walk((cause) => cause instanceof ContractFunctionRevertedError) !== null;
}
