import type { Address } from 'viem';
import { readContract } from 'viem/actions';
import { poolAbi } from './abis.ts';
import type { WalletClient } from './wallet-client.ts';

/** The square root of the pool's price after a block, times 2^96. Throws when the node does not know that block's state. */
export async function readPoolPrice(client: WalletClient, pool: Address, block: number): Promise<bigint> {
  const of = { address: pool, abi: poolAbi, blockNumber: BigInt(block) } as const;
  const [sqrtPriceX96] = await readContract(client, { ...of, functionName: 'slot0' });
  return sqrtPriceX96;
}
