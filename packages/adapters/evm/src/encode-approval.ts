import { type Address, encodeFunctionData, type Hex } from 'viem';
import { tokenAbi } from './abis.ts';

/** Calldata that lets `spender` take exactly `amount` (wei); 0 takes the permission away. Tokens get no marker. */
export function encodeApproval(spender: Address, amount: bigint): Hex {
  return encodeFunctionData({ abi: tokenAbi, functionName: 'approve', args: [spender, amount] });
}
