import { knownChains } from '@rangeward/adapter-evm/known-chains';
import { signerFromKey } from '@rangeward/adapter-evm/signer-from-key';
import { openWalletClient } from '@rangeward/adapter-evm/wallet-client';
import { readWalletState, type WalletState } from '@rangeward/adapter-evm/wallet-state';
import { type Plan, planIdOf } from '@rangeward/contracts';
import { type LocalChain, loadChain } from '@rangeward/localnet/chain-state';
import { poolAbi, swapRouterAbi, tokenAbi } from '@rangeward/localnet/contract-abis';
import { type LocalClient, localClient, sendAndWait } from '@rangeward/localnet/local-client';
import { openPosition } from '@rangeward/localnet/open-position';
import { amountsForLiquidityRoundingDown } from '@rangeward/uniswap-v3/liquidity-amounts';
import { valueUsdE6, volatilePriceUsdE6 } from '@rangeward/uniswap-v3/price';
import { nearestOnGrid } from '@rangeward/uniswap-v3/tick-grid';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';
import { type Address, encodeFunctionData, maxUint256 } from 'viem';
import { samplePlan } from './sample-plan.ts';

/** A local chain with a managed position, as the executor's tests need it. */
export type LocalWorld = Awaited<ReturnType<typeof openWorld>>;

export const pool: Address = '0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640';
export const tokens = [
  '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48',
  '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2',
] as const satisfies readonly Address[];

export async function openWorld() {
  const chain = await loadChain();
  const client = localClient(chain.rpcUrl);
  const signer = signerFromKey(chain.accounts.operator.privateKey);
  const settings = {
    chainId: 31337,
    rpcUrl: chain.rpcUrl,
    contracts: {},
    confirmations: 1,
    reorgDepth: 12,
    pollMs: 50,
    pools: {},
  };
  return {
    chain,
    client,
    signer,
    settings,
    wallet: signer.address,
    walletClient: openWalletClient({ name: 'local', settings }),
  };
}

/** Opens a position of `halfWidth` ticks to either side of the price and lets the price go `ticks` from there. */
export async function positionLeftBehind(world: LocalWorld, halfWidth: number, ticks: number): Promise<bigint> {
  const { tick } = await stateOf(world, 0n);
  const centre = nearestOnGrid(tick, 10);
  const opened = await openPosition({
    rpcUrl: world.chain.rpcUrl,
    account: world.chain.accounts.operator,
    pool: world.chain.pool,
    tickLower: centre - halfWidth,
    tickUpper: centre + halfWidth,
    amount0Desired: 60_000n * 10n ** 6n,
    amount1Desired: 20n * 10n ** 18n,
  });
  await movePrice(world, centre + ticks);
  return opened.tokenId;
}

/** Trades until the pool stands at `tick`, and lets enough time pass that its average agrees. */
export async function movePrice(world: Pick<LocalWorld, 'chain' | 'client'>, tick: number): Promise<void> {
  const { chain, client } = world;
  const slot0 = await client.readContract({ address: chain.pool, abi: poolAbi, functionName: 'slot0' });
  const down = tick < slot0[1];
  const [tokenIn, tokenOut] = down ? tokens : [tokens[1], tokens[0]];
  const params = {
    tokenIn,
    tokenOut,
    fee: 500,
    recipient: chain.accounts.traders[0].address,
    deadline: maxUint256,
    amountIn: down ? 10n ** 15n : 10n ** 23n,
    amountOutMinimum: 0n,
    sqrtPriceLimitX96: getSqrtRatioAtTick(tick),
  };
  const data = encodeFunctionData({ abi: swapRouterAbi, functionName: 'exactInputSingle', args: [params] });
  await sendAndWait(client, chain.accounts.traders[0], { to: chain.addresses.swapRouter, data });
  await client.increaseTime({ seconds: 1_200 });
  await client.mine({ blocks: 1 });
}

export async function stateOf(world: LocalWorld, tokenId: bigint): Promise<WalletState & { tick: number }> {
  const state = await readWalletState(world.walletClient, {
    wallet: world.wallet,
    pool,
    positionManager: knownChains.local.positionManager,
    tokenId,
    twapWindowS: 600,
  });
  return { ...state, tick: state.pool.tick };
}

/** The plan that decision would make: move the position around the price now. */
export async function planToMove(
  world: LocalWorld,
  tokenId: bigint,
  change: (plan: Omit<Plan, 'planId'>) => Omit<Plan, 'planId'> = (plan) => plan,
): Promise<Plan> {
  const state = await stateOf(world, tokenId);
  const { position } = state;
  if (position === null) throw new Error(`there is no NFT ${tokenId}`);
  const centre = nearestOnGrid(state.tick, 10);
  const { planId: _, ...sample } = samplePlan({
    tick: state.tick,
    ...position,
    target: { tickLower: centre - 500, tickUpper: centre + 500 },
  });
  const now = Date.now();
  const iso = (ms: number) => new Date(ms).toISOString();
  const { sqrtPriceX96, liquidity, tick, twapTick } = state.pool;
  const value = valueUsdE6({
    ...amountsForLiquidityRoundingDown({ ...position, sqrtPriceX96 }),
    sqrtPriceX96,
    stable: 0,
  });
  const nft = { ...sample.position, tokenId, owner: world.wallet };
  const volatile = Number(volatilePriceUsdE6({ sqrtPriceX96, stable: 0, decimalsVolatile: 18 }));
  const plan: Omit<Plan, 'planId'> = {
    ...sample,
    run: { ...sample.run, tokenId, startedAt: iso(now), deadline: iso(now + 300_000) },
    issuedAt: iso(now),
    validUntil: iso(now + 120_000),
    position: nft,
    market: {
      ...sample.market,
      block: { ...sample.market.block, number: state.block.number },
      pool: { ...sample.market.pool, sqrtPriceX96, liquidity, tick, twapTick, priceUsdE6: volatile },
      position: { ...sample.market.position, ...nft, valueUsdE6: Number(value) },
      nativePriceUsdE6: volatile,
    },
    limits: { ...sample.limits, maxGasUsdE6: 50_000_000 },
    reservationId: `reservation-${now}-${tokenId}`,
  };
  const changed = change(plan);
  return { planId: planIdOf(changed), ...changed };
}

/** What the wallet holds of both tokens. */
export async function balances(world: { client: LocalClient; wallet: Address }): Promise<[bigint, bigint]> {
  const read = (address: Address) =>
    world.client.readContract({ address, abi: tokenAbi, functionName: 'balanceOf', args: [world.wallet] });
  return Promise.all([read(tokens[0]), read(tokens[1])]);
}

/** What the router and the position manager may still take, of both tokens. */
export async function allowances(world: {
  client: LocalClient;
  wallet: Address;
  chain: LocalChain;
}): Promise<bigint[]> {
  const { swapRouter, positionManager } = world.chain.addresses;
  const reads = [swapRouter, positionManager].flatMap((spender) =>
    tokens.map((address) =>
      world.client.readContract({ address, abi: tokenAbi, functionName: 'allowance', args: [world.wallet, spender] }),
    ),
  );
  return Promise.all(reads);
}

/** Takes back the approvals that the local chain begins with, so that a plan's own are the only ones. */
export async function revokeAll(world: LocalWorld): Promise<void> {
  const { swapRouter, positionManager } = world.chain.addresses;
  for (const token of tokens) {
    for (const spender of [swapRouter, positionManager]) {
      const data = encodeFunctionData({ abi: tokenAbi, functionName: 'approve', args: [spender, 0n] });
      await sendAndWait(world.client, world.chain.accounts.operator, { to: token, data });
    }
  }
}
