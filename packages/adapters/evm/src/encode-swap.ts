import { type Address, encodeFunctionData, type Hex } from 'viem';
import { swapRouter02Abi, swapRouterAbi } from './abis.ts';
import type { KnownChain } from './known-chains.ts';

type SwapExactInput = {
  readonly tokenIn: Address;
  readonly tokenOut: Address;
  readonly feePips: number;
  readonly recipient: Address;
  /** Seconds of block time. */
  readonly deadlineS: bigint;
  readonly amountIn: bigint;
  readonly amountOutMinimum: bigint;
  /** The swap stops at this price; 0 would mean "at any". */
  readonly sqrtPriceLimitX96: bigint;
};

/**
 * Calldata of a swap in one pool, without marker. SwapRouter takes the deadline among the parameters; SwapRouter02 (Base)
 * has none there, so the call goes into its `multicall(deadline, data)`.
 */
export function encodeSwap(routerKind: KnownChain['routerKind'], swap: SwapExactInput): Hex {
  const { feePips: fee, deadlineS: deadline, ...rest } = swap;
  if (routerKind === 'swap-router') {
    const params = { ...rest, fee, deadline };
    return encodeFunctionData({ abi: swapRouterAbi, functionName: 'exactInputSingle', args: [params] });
  }
  const params = { ...rest, fee };
  const inner = encodeFunctionData({ abi: swapRouter02Abi, functionName: 'exactInputSingle', args: [params] });
  return encodeFunctionData({ abi: swapRouter02Abi, functionName: 'multicall', args: [deadline, [inner]] });
}
