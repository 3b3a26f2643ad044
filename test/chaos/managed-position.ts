import { knownChains } from '@rangeward/adapter-evm/known-chains';
import { readWalletState, type WalletState } from '@rangeward/adapter-evm/wallet-state';
import { adoptPosition } from '@rangeward/adapter-redis/position-registry';
import { poolAbi, swapRouterAbi, tokenAbi } from '@rangeward/localnet/contract-abis';
import { sendAndWait } from '@rangeward/localnet/local-client';
import { openPosition } from '@rangeward/localnet/open-position';
import { nearestOnGrid } from '@rangeward/uniswap-v3/tick-grid';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';
import { type Address, encodeFunctionData, maxUint256 } from 'viem';
import type { ChaosWorld } from './chaos-world.ts';

export const tokens = [
  '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48',
  '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2',
] as const satisfies readonly Address[];
export const pool = '0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640';

/** A position under our care: its name, and the NFT it is now. */
export type ManagedPosition = { readonly id: string; tokenId: bigint };

type Hands = Pick<ChaosWorld, 'chain' | 'client'>;

/** The pool, the wallet's nonce and one NFT, from the chain itself. */
export function lookAt(world: Pick<ChaosWorld, 'walletClient' | 'wallet'>, tokenId: bigint): Promise<WalletState> {
  const { positionManager } = knownChains.local;
  return readWalletState(world.walletClient, {
    wallet: world.wallet,
    pool,
    positionManager,
    tokenId,
    twapWindowS: 600,
  });
}

/** Opens a position of 100 ticks to either side of the price, and leaves no approval behind. Returns its NFT. */
export async function openNarrow({ chain, client }: Hands): Promise<bigint> {
  const [, tick] = await client.readContract({ address: chain.pool, abi: poolAbi, functionName: 'slot0' });
  const centre = nearestOnGrid(tick, 10);
  const opened = await openPosition({
    rpcUrl: chain.rpcUrl,
    account: chain.accounts.operator,
    pool: chain.pool,
    tickLower: centre - 100,
    tickUpper: centre + 100,
    amount0Desired: 60_000n * 10n ** 6n,
    amount1Desired: 20n * 10n ** 18n,
  });
  const { swapRouter, positionManager } = chain.addresses;
  for (const token of tokens) {
    for (const spender of [swapRouter, positionManager]) {
      const data = encodeFunctionData({ abi: tokenAbi, functionName: 'approve', args: [spender, 0n] });
      await sendAndWait(client, chain.accounts.operator, { to: token, data });
    }
  }
  return opened.tokenId;
}

/** Writes the NFT into the registry under a name. */
export async function manage(world: Pick<ChaosWorld, 'redis'>, id: string, tokenId: bigint): Promise<ManagedPosition> {
  await adoptPosition(world.redis, { chain: 'local', pool, id }, { tokenId, entry: null });
  return { id, tokenId };
}

/** Another's trade to the price of a tick, within a block; sent by a trader of its own so that nonces never meet. */
export async function pushPrice({ chain, client }: Hands, tick: number, trader: 0 | 1 = 0): Promise<void> {
  const [, now] = await client.readContract({ address: chain.pool, abi: poolAbi, functionName: 'slot0' });
  if (now === tick) return;
  const down = tick < now;
  const [tokenIn, tokenOut] = down ? tokens : [tokens[1], tokens[0]];
  const account = chain.accounts.traders[trader];
  const params = {
    tokenIn,
    tokenOut,
    fee: 500,
    recipient: account.address,
    deadline: maxUint256,
    amountIn: down ? 10n ** 15n : 10n ** 23n,
    amountOutMinimum: 0n,
    sqrtPriceLimitX96: getSqrtRatioAtTick(tick),
  };
  const data = encodeFunctionData({ abi: swapRouterAbi, functionName: 'exactInputSingle', args: [params] });
  await sendAndWait(client, account, { to: chain.addresses.swapRouter, data });
}

/** The same, and enough time after it that the average agrees. */
export async function movePrice(hands: Hands, tick: number): Promise<void> {
  await pushPrice(hands, tick);
  await hands.client.increaseTime({ seconds: 1_200 });
  await hands.client.mine({ blocks: 1 });
}
