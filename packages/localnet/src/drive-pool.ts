import type { StableSide } from '@rangeward/uniswap-v3/price';
import { type Address, encodeFunctionData, getAddress, type Hex, maxUint256 } from 'viem';
import { addresses } from './addresses.ts';
import { poolAbi, swapRouterAbi } from './contract-abis.ts';
import type { PoolPrice, RouterOrder } from './drive-order.ts';
import type { LocalClient } from './local-client.ts';

/** The pool that is driven: what never changes about it. */
export type DrivenPool = {
  readonly pool: Address;
  readonly usdc: Address;
  readonly weth: Address;
  readonly token0: Address;
  readonly token1: Address;
  readonly fee: number;
  readonly stable: StableSide;
};

/** Reads the pool's tokens and fee. Throws when it is not a pool of these two tokens. */
export async function describePool(
  client: LocalClient,
  { pool, usdc, weth }: { readonly pool: Address; readonly usdc: Address; readonly weth: Address },
): Promise<DrivenPool> {
  const read = { address: pool, abi: poolAbi } as const;
  const [token0, token1, fee] = await Promise.all([
    client.readContract({ ...read, functionName: 'token0' }),
    client.readContract({ ...read, functionName: 'token1' }),
    client.readContract({ ...read, functionName: 'fee' }),
  ]);
  const stable = token0 === getAddress(usdc) ? 0 : 1;
  const expected = stable === 0 ? [usdc, weth] : [weth, usdc];
  if (token0 !== getAddress(expected[0] ?? usdc) || token1 !== getAddress(expected[1] ?? weth)) {
    throw new Error(`The pool ${pool} holds ${token0} and ${token1}; expected USDC ${usdc} and WETH ${weth}.`);
  }
  return { pool, usdc, weth, token0, token1, fee, stable };
}

/** Price and tick in the latest block. */
export async function readPoolPrice(client: LocalClient, pool: DrivenPool): Promise<PoolPrice & { tick: number }> {
  const [sqrtPriceX96, tick] = await client.readContract({ address: pool.pool, abi: poolAbi, functionName: 'slot0' });
  return { sqrtPriceX96, tick, stable: pool.stable };
}

/** Call data of the order for SwapRouter; the trader receives. Traders of a market are not protected by a minimum. */
export function routerCall(pool: DrivenPool, order: RouterOrder, recipient: Address): { to: Address; data: Hex } {
  const [tokenIn, tokenOut] = order.zeroForOne ? [pool.token0, pool.token1] : [pool.token1, pool.token0];
  const data = encodeFunctionData({
    abi: swapRouterAbi,
    functionName: 'exactInputSingle',
    args: [
      {
        tokenIn,
        tokenOut,
        fee: pool.fee,
        recipient,
        deadline: maxUint256,
        amountIn: order.amountIn,
        amountOutMinimum: 0n,
        sqrtPriceLimitX96: order.sqrtPriceLimitX96,
      },
    ],
  });
  return { to: addresses.swapRouter, data };
}
