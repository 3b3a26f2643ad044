import { type Address, encodeFunctionData, type Hex, maxUint256, parseEventLogs } from 'viem';
import type { DevAccount } from './accounts.ts';
import { addresses } from './addresses.ts';
import { poolAbi, positionManagerAbi, tokenAbi } from './contract-abis.ts';
import { type LocalClient, localClient, sendAndWait } from './local-client.ts';

export interface PositionRequest {
  readonly rpcUrl: string;
  /** Pays both tokens and owns the NFT. */
  readonly account: DevAccount;
  readonly pool: Address;
  /** Multiples of the pool's tick spacing. */
  readonly tickLower: number;
  readonly tickUpper: number;
  /** Most that may be paid, smallest units; the position takes what fits the price. */
  readonly amount0Desired: bigint;
  readonly amount1Desired: bigint;
}

export interface OpenedPosition {
  readonly tokenId: bigint;
  readonly liquidity: bigint;
  /** What was paid, smallest units. */
  readonly amount0: bigint;
  readonly amount1: bigint;
  readonly txHash: Hex;
  readonly blockNumber: bigint;
}

/**
 * Mints a position through the real NonfungiblePositionManager, approving it first where needed. Works whoever mines
 * the blocks. For local chains only: it accepts any price and any time of inclusion. Throws when a transaction reverts.
 */
export async function openPosition(request: PositionRequest): Promise<OpenedPosition> {
  const client = localClient(request.rpcUrl);
  const read = { address: request.pool, abi: poolAbi } as const;
  const [token0, token1, fee] = await Promise.all([
    client.readContract({ ...read, functionName: 'token0' }),
    client.readContract({ ...read, functionName: 'token1' }),
    client.readContract({ ...read, functionName: 'fee' }),
  ]);
  await approve(client, request.account, token0, addresses.positionManager, request.amount0Desired);
  await approve(client, request.account, token1, addresses.positionManager, request.amount1Desired);
  const params = {
    token0,
    token1,
    fee,
    tickLower: request.tickLower,
    tickUpper: request.tickUpper,
    amount0Desired: request.amount0Desired,
    amount1Desired: request.amount1Desired,
    amount0Min: 0n,
    amount1Min: 0n,
    recipient: request.account.address,
    deadline: maxUint256,
  };
  const data = encodeFunctionData({ abi: positionManagerAbi, functionName: 'mint', args: [params] });
  const receipt = await sendAndWait(client, request.account, { to: addresses.positionManager, data });
  const [minted] = parseEventLogs({ abi: positionManagerAbi, eventName: 'IncreaseLiquidity', logs: receipt.logs });
  if (minted === undefined) throw new Error(`Transaction ${receipt.transactionHash} minted no position.`);
  return { ...minted.args, txHash: receipt.transactionHash, blockNumber: receipt.blockNumber };
}

/** Lets `spender` take all of the account's tokens, unless it may take at least `atLeast` already. */
export async function approve(
  client: LocalClient,
  account: DevAccount,
  token: Address,
  spender: Address,
  atLeast: bigint = maxUint256,
): Promise<void> {
  const allowed = await client.readContract({
    address: token,
    abi: tokenAbi,
    functionName: 'allowance',
    args: [account.address, spender],
  });
  if (allowed >= atLeast) return;
  const data = encodeFunctionData({ abi: tokenAbi, functionName: 'approve', args: [spender, maxUint256] });
  await sendAndWait(client, account, { to: token, data });
}

/** Takes back every approval that an account has given to the router and the position manager, as a plan leaves it. */
export async function revokeApprovals(rpcUrl: string, account: DevAccount): Promise<void> {
  const client = localClient(rpcUrl);
  for (const token of [addresses.usdc, addresses.weth]) {
    for (const spender of [addresses.swapRouter, addresses.positionManager]) {
      const data = encodeFunctionData({ abi: tokenAbi, functionName: 'approve', args: [spender, 0n] });
      await sendAndWait(client, account, { to: token, data });
    }
  }
}
