import type { Address } from 'viem';
import { tokenAbi } from './abis.ts';
import type { BlockHeader } from './block-header.ts';
import { toChainError } from './chain-error.ts';
import type { ChainReader } from './client.ts';
import { atBlock } from './read-pool.ts';

/** What an address holds of both tokens of a pool, wei, at exactly `block`. Throws ChainError. */
export async function readBalances(
  chain: ChainReader,
  holder: Address,
  pool: { readonly token0: Address; readonly token1: Address },
  block: Pick<BlockHeader, 'hash'>,
): Promise<{ readonly amount0: bigint; readonly amount1: bigint }> {
  const read = { abi: tokenAbi, functionName: 'balanceOf', args: [holder], ...atBlock(block) } as const;
  try {
    const [amount0, amount1] = await Promise.all([
      chain.client.readContract({ ...read, address: pool.token0 }),
      chain.client.readContract({ ...read, address: pool.token1 }),
    ]);
    return { amount0, amount1 };
  } catch (cause) {
    throw toChainError(chain.name, `reading the balances of ${holder}`, cause);
  }
}
