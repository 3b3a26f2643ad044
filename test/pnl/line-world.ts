import { openChain } from '@rangeward/adapter-evm/client';
import { encodeApproval } from '@rangeward/adapter-evm/encode-approval';
import { appendMarker } from '@rangeward/adapter-evm/encode-marker';
import { encodeMint, encodeWithdrawal } from '@rangeward/adapter-evm/encode-position-manager';
import { encodeSwap } from '@rangeward/adapter-evm/encode-swap';
import { chainsSettings } from '@rangeward/adapter-evm/settings';
import { type PnlQuery, readPnl } from '@rangeward/cli/pnl/read-pnl';
import { type DevAccount, operator, traders } from '@rangeward/localnet/accounts';
import { addresses } from '@rangeward/localnet/addresses';
import type { LocalChain } from '@rangeward/localnet/chain-state';
import { poolAbi, positionManagerAbi, tokenAbi } from '@rangeward/localnet/contract-abis';
import { createPool, deployTokenPair, mintTestToken } from '@rangeward/localnet/create-pool';
import { localClient, sendAndWait } from '@rangeward/localnet/local-client';
import { approve, openPosition } from '@rangeward/localnet/open-position';
import { sqrtPriceX96FromStablePerVolatile } from '@rangeward/uniswap-v3/price';
import { nearestOnGrid } from '@rangeward/uniswap-v3/tick-grid';
import { type Address, type Hex, parseEventLogs } from 'viem';

const deadlineS = 10n ** 12n;
const stranger = traders[1];

/** A fresh pool whose dollar is either token, deep liquidity of somebody else, and the operator with tokens to put in. */
export type LineWorld = Awaited<ReturnType<typeof openLineWorld>>;

export async function openLineWorld(chain: LocalChain, stable: 'token0' | 'token1') {
  const client = localClient(chain.rpcUrl);
  const dollar = { name: 'Dollar', symbol: 'USDC', decimals: 6 };
  const ether = { name: 'Ether', symbol: 'WETH', decimals: 18 };
  const [spec0, spec1] = stable === 'token0' ? [dollar, ether] : [ether, dollar];
  const { token0, token1 } = await deployTokenPair(client, { token0: spec0, token1: spec1 });
  const tokens = [token0, token1] as const;
  const [usdc, weth] = stable === 'token0' ? tokens : [token1, token0];
  const sqrtPriceX96 = sqrtPriceX96FromStablePerVolatile({
    price: 3_000,
    stable: stable === 'token0' ? 0 : 1,
    decimals0: spec0.decimals,
    decimals1: spec1.decimals,
  });
  const pool = await createPool(client, { tokenA: token0, tokenB: token1, fee: 500, sqrtPriceX96 });
  for (const account of [operator, stranger, traders[0]]) {
    for (const token of tokens) {
      await mintTestToken(client, token, account.address, 10n ** 30n);
      for (const spender of [addresses.positionManager, addresses.swapRouter])
        await approve(client, account, token, spender);
    }
  }
  const named = ({ symbol, decimals }: typeof dollar) => ({ symbol, decimals });
  const pools = { main: { address: pool, token0: named(spec0), token1: named(spec1), stable } };
  const settings = chainsSettings.parse({
    local: { chainId: 31337, rpcUrl: chain.rpcUrl, contracts: { wrappedNative: weth }, pools },
  }).local;
  if (settings?.pools.main === undefined) throw new Error('the settings did not parse');
  const world = {
    client,
    pool,
    token0: token0.toLowerCase() as Address,
    token1: token1.toLowerCase() as Address,
    usdc,
    weth,
    stable,
    settings: settings.pools.main,
    reader: await openChain({ name: 'local', settings }),
    rpcUrl: chain.rpcUrl,
  };
  await open(world, 8_000, stranger, 2_000n);
  return world;
}

type Around = Pick<LineWorld, 'client' | 'pool' | 'rpcUrl' | 'token0' | 'token1' | 'stable' | 'weth' | 'usdc'>;

/** Opens around the price, `half` ticks to either side, with up to so many thousand dollars and their worth in ether. */
export async function open(
  world: Around,
  half: number,
  account: DevAccount = operator,
  thousands = 100n,
): Promise<bigint> {
  const middle = nearestOnGrid(await tickOf(world), 10);
  const dollars = thousands * 1_000_000_000n;
  const ether = (thousands * 10n ** 18n) / 3n;
  const { tokenId } = await openPosition({
    rpcUrl: world.rpcUrl,
    account,
    pool: world.pool,
    tickLower: middle - half,
    tickUpper: middle + half,
    amount0Desired: world.stable === 'token0' ? dollars : ether,
    amount1Desired: world.stable === 'token0' ? ether : dollars,
  });
  return tokenId;
}

async function tickOf({ client, pool }: Pick<LineWorld, 'client' | 'pool'>): Promise<number> {
  const slot0 = await client.readContract({ address: pool, abi: poolAbi, functionName: 'slot0' });
  return slot0[1];
}

/** Somebody buys ether for so many dollars (negative: sells), through the real router, and a day goes by where asked. */
export async function trade(world: LineWorld, dollars: bigint, days = 0): Promise<void> {
  const buys = dollars > 0n;
  const amountIn = buys ? dollars * 1_000_000n : (-dollars * 10n ** 18n) / 3_000n;
  await swap(world, traders[0], buys ? world.usdc : world.weth, amountIn);
  if (days > 0) {
    await world.client.increaseTime({ seconds: days * 86_400 });
    await world.client.mine({ blocks: 1 });
  }
}

type Step = { readonly planId: string; readonly step: number };

async function swap(
  world: LineWorld,
  from: DevAccount,
  tokenIn: Address,
  amountIn: bigint,
  step?: Step,
): Promise<void> {
  const tokenOut = tokenIn === world.usdc ? world.weth : world.usdc;
  const limits = { deadlineS, amountOutMinimum: 0n, sqrtPriceLimitX96: 0n };
  const data = encodeSwap('swap-router', {
    tokenIn,
    tokenOut,
    feePips: 500,
    recipient: from.address,
    amountIn,
    ...limits,
  });
  await send(world, from, addresses.swapRouter, data, step);
}

/** Sends as the executor does: with the plan's marker behind the calldata when it is a step. */
export async function send(world: LineWorld, from: DevAccount, to: Address, data: Hex, step?: Step) {
  return sendAndWait(world.client, from, { to, data: step === undefined ? data : appendMarker(data, step) });
}

/** Takes everything out of the NFT and collects it. */
export async function withdraw(world: LineWorld, tokenId: bigint, step?: Step): Promise<void> {
  const read = { address: addresses.positionManager, abi: positionManagerAbi, functionName: 'positions' } as const;
  const liquidity = (await world.client.readContract({ ...read, args: [tokenId] }))[7];
  const mins = { amount0Min: 0n, amount1Min: 0n };
  const data = encodeWithdrawal({ tokenId, liquidity, recipient: operator.address, deadlineS, ...mins });
  await send(world, operator, addresses.positionManager, data, step);
}

/** The executor's own steps of a rebalance, in its order: withdraw, approve, swap, mint, take the approval back. */
export async function rebalance(world: LineWorld, tokenId: bigint, planId: string): Promise<bigint> {
  const before = await balancesOf(world);
  await withdraw(world, tokenId, { planId, step: 0 });
  await send(world, operator, world.token0, encodeApproval(addresses.positionManager, 10n ** 30n));
  const held = minus(await balancesOf(world), before);
  const [dollars, ether] = world.stable === 'token0' ? [held.amount0, held.amount1] : [held.amount1, held.amount0];
  const isEther = ether * 3_000n * 1_000_000n > dollars * 10n ** 18n;
  await swap(world, operator, isEther ? world.weth : world.usdc, (isEther ? ether : dollars) / 3n, { planId, step: 2 });
  const { amount0, amount1 } = minus(await balancesOf(world), before);
  const middle = nearestOnGrid(await tickOf(world), 10);
  const data = encodeMint({
    token0: world.token0,
    token1: world.token1,
    feePips: 500,
    tickLower: middle - 300,
    tickUpper: middle + 300,
    amount0Desired: amount0,
    amount1Desired: amount1,
    amount0Min: 0n,
    amount1Min: 0n,
    recipient: operator.address,
    deadlineS,
  });
  const { logs } = await send(world, operator, addresses.positionManager, data, { planId, step: 5 });
  await send(world, operator, world.token0, encodeApproval(addresses.positionManager, 0n));
  const [minted] = parseEventLogs({ abi: positionManagerAbi, eventName: 'IncreaseLiquidity', logs });
  if (minted === undefined) throw new Error('nothing was minted');
  return minted.args.tokenId;
}

export async function balancesOf(world: Pick<LineWorld, 'client' | 'token0' | 'token1'>) {
  const read = (address: Address) =>
    world.client.readContract({ address, abi: tokenAbi, functionName: 'balanceOf', args: [operator.address] });
  const [amount0, amount1] = await Promise.all([read(world.token0), read(world.token1)]);
  return { amount0, amount1 };
}

export function minus(a: { amount0: bigint; amount1: bigint }, b: { amount0: bigint; amount1: bigint }) {
  return { amount0: a.amount0 - b.amount0, amount1: a.amount1 - b.amount1 };
}

export function readLinePnl(world: LineWorld, tokenIds: readonly bigint[], more: Partial<PnlQuery> = {}) {
  const { reader: chain, settings: pool } = world;
  const query = { chain, pool, tokenIds, registered: null, trades: null, period: 'day', periods: 30 } as const;
  return readPnl({ ...query, ...more });
}
