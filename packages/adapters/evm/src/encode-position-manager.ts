import { type Address, encodeFunctionData, type Hex } from 'viem';
import { positionManagerAbi } from './abis.ts';

/** Calldata for the position manager, without marker. Amounts in wei, deadlines in seconds of block time. */

const MAX_UINT128 = (1n << 128n) - 1n;

type Withdrawal = {
  readonly tokenId: bigint;
  readonly liquidity: bigint;
  readonly amount0Min: bigint;
  readonly amount1Min: bigint;
  readonly recipient: Address;
  readonly deadlineS: bigint;
};

/**
 * Takes all of `liquidity` out and collects everything in one transaction. The NFT is left empty and not burned: anyone
 * may add a wei of liquidity to it, and a burn in the same transaction would then undo the whole withdrawal.
 */
export function encodeWithdrawal(of: Withdrawal): Hex {
  const { tokenId, liquidity, amount0Min, amount1Min, deadlineS: deadline } = of;
  const decrease = encodeFunctionData({
    abi: positionManagerAbi,
    functionName: 'decreaseLiquidity',
    args: [{ tokenId, liquidity, amount0Min, amount1Min, deadline }],
  });
  const data = [decrease, encodeCollection(of)];
  return encodeFunctionData({ abi: positionManagerAbi, functionName: 'multicall', args: [data] });
}

/** Collects all that the NFT is owed. */
export function encodeCollection(of: { readonly tokenId: bigint; readonly recipient: Address }): Hex {
  const { tokenId, recipient } = of;
  return encodeFunctionData({
    abi: positionManagerAbi,
    functionName: 'collect',
    args: [{ tokenId, recipient, amount0Max: MAX_UINT128, amount1Max: MAX_UINT128 }],
  });
}

type Minting = {
  readonly token0: Address;
  readonly token1: Address;
  readonly feePips: number;
  readonly tickLower: number;
  readonly tickUpper: number;
  readonly amount0Desired: bigint;
  readonly amount1Desired: bigint;
  readonly amount0Min: bigint;
  readonly amount1Min: bigint;
  readonly recipient: Address;
  readonly deadlineS: bigint;
};

/** Opens a new position; what does not fit the price stays with the wallet. */
export function encodeMint({ feePips: fee, deadlineS: deadline, ...rest }: Minting): Hex {
  return encodeFunctionData({ abi: positionManagerAbi, functionName: 'mint', args: [{ ...rest, fee, deadline }] });
}
