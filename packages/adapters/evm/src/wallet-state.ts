import { twapTickRoundingDown } from '@rangeward/uniswap-v3/tick-grid';
import type { Address } from 'viem';
import { getBlock, getChainId, getFeeHistory, getTransactionCount, readContract } from 'viem/actions';
import { poolAbi, positionManagerAbi } from './abis.ts';
import { FEE_BLOCKS, usualTipWei } from './gas.ts';
import { lowerAddress } from './lower-address.ts';
import { isRevert } from './read-pool.ts';
import type { WalletClient } from './wallet-client.ts';

/** What must be known of the chain before a step is signed, all of one block. */
export type WalletState = {
  readonly chainId: number;
  readonly block: { readonly number: number; readonly timestampS: bigint; readonly baseFeeWei: bigint };
  readonly priorityFeeWei: bigint;
  /** The next nonce by the block (not by the pool of pending transactions). */
  readonly nonce: number;
  readonly pool: {
    readonly sqrtPriceX96: bigint;
    readonly tick: number;
    readonly liquidity: bigint;
    /** Rounded toward minus infinity; null when the pool's oracle does not reach back so far. */
    readonly twapTick: number | null;
  };
  /** Null when the NFT does not exist (any more). */
  readonly position: {
    readonly owner: Address;
    readonly token0: Address;
    readonly token1: Address;
    readonly feePips: number;
    readonly tickLower: number;
    readonly tickUpper: number;
    readonly liquidity: bigint;
  } | null;
};

type WalletQuestion = {
  readonly wallet: Address;
  readonly pool: Address;
  readonly positionManager: Address;
  readonly tokenId: bigint;
  readonly twapWindowS: number;
};

/** Reads it all from one node at its latest block. Throws when the node does not answer. */
export async function readWalletState(client: WalletClient, of: WalletQuestion): Promise<WalletState> {
  const [chainId, block, priorityFeeWei] = await Promise.all([
    getChainId(client),
    getBlock(client),
    readPriorityFee(client),
  ]);
  const blockNumber = block.number;
  const pool = { address: of.pool, abi: poolAbi, blockNumber } as const;
  const [nonce, slot0, liquidity, twapTick, position] = await Promise.all([
    getTransactionCount(client, { address: of.wallet, blockNumber }),
    readContract(client, { ...pool, functionName: 'slot0' }),
    readContract(client, { ...pool, functionName: 'liquidity' }),
    readTwapTick(client, of, blockNumber),
    readPosition(client, of, blockNumber),
  ]);
  return {
    chainId,
    block: { number: Number(block.number), timestampS: block.timestamp, baseFeeWei: block.baseFeePerGas ?? 0n },
    priorityFeeWei,
    nonce,
    pool: { sqrtPriceX96: slot0[0], tick: slot0[1], liquidity, twapTick },
    position,
  };
}

/** What the last blocks were paid, the same measure that the decision to act was made with. */
async function readPriorityFee(client: WalletClient): Promise<bigint> {
  const { reward, gasUsedRatio } = await getFeeHistory(client, { blockCount: FEE_BLOCKS, rewardPercentiles: [50] });
  return usualTipWei(reward ?? [], gasUsedRatio);
}

async function readTwapTick(client: WalletClient, of: WalletQuestion, blockNumber: bigint): Promise<number | null> {
  try {
    const [cumulatives] = await readContract(client, {
      address: of.pool,
      abi: poolAbi,
      functionName: 'observe',
      args: [[of.twapWindowS, 0]],
      blockNumber,
    });
    const [before, now] = cumulatives;
    if (before === undefined || now === undefined) return null;
    return twapTickRoundingDown(now - before, of.twapWindowS);
  } catch (error) {
    return whenReverted(error, null);
  }
}

async function readPosition(client: WalletClient, of: WalletQuestion, blockNumber: bigint) {
  const manager = { address: of.positionManager, abi: positionManagerAbi, blockNumber } as const;
  try {
    const [owner, stored] = await Promise.all([
      readContract(client, { ...manager, functionName: 'ownerOf', args: [of.tokenId] }),
      readContract(client, { ...manager, functionName: 'positions', args: [of.tokenId] }),
    ]);
    const [, , token0, token1, feePips, tickLower, tickUpper, liquidity] = stored;
    return {
      owner: lowerAddress(owner),
      token0: lowerAddress(token0),
      token1: lowerAddress(token1),
      feePips,
      tickLower,
      tickUpper,
      liquidity,
    };
  } catch (error) {
    return whenReverted(error, null);
  }
}

/** A revert is an answer of the contract; anything else is no answer at all. */
function whenReverted<T>(error: unknown, answer: T): T {
  if (isRevert(error)) return answer;
  throw error;
}
