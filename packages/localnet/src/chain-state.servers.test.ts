import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFunctionData, maxUint128, maxUint256, parseEther, parseEventLogs, parseUnits } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAnvil } from './anvil.ts';
import { buildAnvilOptions, buildChain, chainStartS } from './build-chain.ts';
import { type LocalChain, loadChain, prepareChainState } from './chain-state.ts';
import { poolAbi, positionManagerAbi, quoterV2Abi, swapRouterAbi, tokenAbi } from './contract-abis.ts';
import { mintTestToken } from './create-pool.ts';
import { type LocalClient, localClient, sendAndWait } from './local-client.ts';
import { openPosition } from './open-position.ts';

let cacheDir: string;
let chain: LocalChain;
let client: LocalClient;

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'rangeward-chain-test-'));
  chain = await loadChain({ cacheDir });
  client = localClient(chain.rpcUrl);
});

afterAll(async () => {
  await chain.stop();
  await rm(cacheDir, { recursive: true });
});

describe('the prepared chain', () => {
  it('starts at its own midnight with the pool at 3000 USDC per WETH and mainnet-deep liquidity', async () => {
    const block = await client.getBlock({ blockNumber: BigInt(chain.facts.blockNumber) });
    expect(Number(block.timestamp)).toBe(chainStartS);
    expect(new Date(chain.facts.timestampS * 1000).toISOString()).toBe('2026-01-05T00:00:00.000Z');
    const fresh = await loadChain({ cacheDir });
    const freshClient = localClient(fresh.rpcUrl);
    const [sqrtPriceX96] = await freshClient.readContract({ address: fresh.pool, abi: poolAbi, functionName: 'slot0' });
    const liquidity = await freshClient.readContract({ address: fresh.pool, abi: poolAbi, functionName: 'liquidity' });
    await fresh.stop();
    expect(1e12 / (Number(sqrtPriceX96) / 2 ** 96) ** 2).toBeCloseTo(3_000, 6);
    expect(Number(liquidity) / 1.2e19).toBeCloseTo(1, 6);
  });

  it('can answer a time-weighted price over half an hour at once', async () => {
    const [cumulatives] = await client.readContract({
      address: chain.pool,
      abi: poolAbi,
      functionName: 'observe',
      args: [[1_800, 0]],
    });
    const [from = 0n, to = 0n] = cumulatives;
    expect((to - from) / 1_800n).toBe(196_256n);
  });

  it('goes on from midnight unless told another time', async () => {
    const now = await loadChain({ cacheDir, timestamp: 2_000_000_000 });
    const nowClient = localClient(now.rpcUrl);
    await nowClient.mine({ blocks: 1 });
    const told = await nowClient.getBlock();
    await now.stop();
    expect(Number(told.timestamp)).toBeGreaterThanOrEqual(2_000_000_000);
    await client.mine({ blocks: 1 });
    const untold = await client.getBlock();
    expect(Number(untold.timestamp) - chainStartS).toBeGreaterThan(0);
    expect(Number(untold.timestamp) - chainStartS).toBeLessThan(300);
  });

  it('comes out the same, to the block hash, each time it is built', async () => {
    const anvil = await startAnvil(buildAnvilOptions);
    await buildChain(anvil.rpcUrl);
    const built = await localClient(anvil.rpcUrl).getBlock();
    await anvil.stop();
    const loaded = await client.getBlock({ blockNumber: BigInt(chain.facts.blockNumber) });
    expect(built.hash).toBe(loaded.hash);
  });

  it('is built once and then found; a variant is another state, with what was added to it', async () => {
    const before = await readdir(cacheDir);
    expect(await prepareChainState({ cacheDir })).toMatchObject({ facts: chain.facts });
    expect(await readdir(cacheDir)).toEqual(before);

    const richer = 7n;
    const variant = await prepareChainState({
      cacheDir,
      variant: 'richer operator',
      beforeDump: (rpcUrl) =>
        mintTestToken(localClient(rpcUrl), chain.addresses.usdc, chain.accounts.operator.address, richer),
    });
    expect(variant.facts.blockNumber).toBe(chain.facts.blockNumber + 1);
    const anvil = await startAnvil({ stateFile: variant.stateFile });
    const balance = await balanceOf(localClient(anvil.rpcUrl), chain.addresses.usdc, chain.accounts.operator.address);
    await anvil.stop();
    expect(balance).toBe(parseUnits('500000', 6) + richer);
    expect((await readdir(cacheDir)).length).toBe(before.length + 2);
  });

  it('refuses an addition that has no name', async () => {
    await expect(prepareChainState({ cacheDir, beforeDump: async () => {} })).rejects.toThrow(/needs a variant/);
  });
});

describe('Uniswap on the prepared chain', () => {
  it('swaps through the router for exactly what QuoterV2 said, and the pool says so in a Swap event', async () => {
    const [trader] = chain.accounts.traders;
    const { usdc, weth } = chain.addresses;
    const amountIn = parseUnits('50000', 6);
    const order = { tokenIn: usdc, tokenOut: weth, fee: 500, amountIn, sqrtPriceLimitX96: 0n };
    const { result: quote } = await client.simulateContract({
      address: chain.addresses.quoterV2,
      abi: quoterV2Abi,
      functionName: 'quoteExactInputSingle',
      args: [order],
    });
    const params = { ...order, recipient: trader.address, deadline: maxUint256, amountOutMinimum: quote[0] };
    const data = encodeFunctionData({ abi: swapRouterAbi, functionName: 'exactInputSingle', args: [params] });
    const receipt = await sendAndWait(client, trader, { to: chain.addresses.swapRouter, data });
    const [swap] = parseEventLogs({ abi: poolAbi, eventName: 'Swap', logs: receipt.logs });
    expect(swap?.args).toMatchObject({ amount0: amountIn, amount1: -quote[0], sqrtPriceX96: quote[1] });
    expect(swap?.address).toBe(chain.pool.toLowerCase());
  });

  it('opens, empties and burns a position through the position manager', async () => {
    const { operator } = chain.accounts;
    const { positionManager, usdc, weth } = chain.addresses;
    const before = await Promise.all([usdc, weth].map((token) => balanceOf(client, token, operator.address)));
    const opened = await openPosition({
      rpcUrl: chain.rpcUrl,
      account: operator,
      pool: chain.pool,
      tickLower: 195_770,
      tickUpper: 196_740,
      amount0Desired: parseUnits('30000', 6),
      amount1Desired: parseEther('10'),
    });
    const read = { address: positionManager, abi: positionManagerAbi, args: [opened.tokenId] } as const;
    const position = await client.readContract({ ...read, functionName: 'positions' });
    expect(position.slice(2, 8)).toEqual([usdc, weth, 500, 195_770, 196_740, opened.liquidity]);
    expect(await client.readContract({ ...read, functionName: 'ownerOf' })).toBe(operator.address);
    // tokenURI runs through the descriptor and its linked library.
    expect(await client.readContract({ ...read, functionName: 'tokenURI' })).toMatch(/^data:application\/json;base64,/);

    const { tokenId, liquidity } = opened;
    const decrease = { tokenId, liquidity, amount0Min: 0n, amount1Min: 0n, deadline: maxUint256 };
    const collect = { tokenId, recipient: operator.address, amount0Max: maxUint128, amount1Max: maxUint128 };
    const abi = positionManagerAbi;
    for (const data of [
      encodeFunctionData({ abi, functionName: 'decreaseLiquidity', args: [decrease] }),
      encodeFunctionData({ abi, functionName: 'collect', args: [collect] }),
      encodeFunctionData({ abi, functionName: 'burn', args: [tokenId] }),
    ]) {
      await sendAndWait(client, operator, { to: positionManager, data });
    }
    const after = await Promise.all([usdc, weth].map((token) => balanceOf(client, token, operator.address)));
    // Both roundings favour the pool: one unit of each token stays there.
    expect(before.map((amount, i) => amount - (after[i] ?? 0n))).toEqual([1n, 1n]);
    await expect(client.readContract({ ...read, functionName: 'ownerOf' })).rejects.toThrow(/nonexistent token/);
  });

  it('opens a position when somebody else mines the blocks, and asks for no approval twice', async () => {
    const paced = await loadChain({ cacheDir, noMining: true });
    const pacedClient = localClient(paced.rpcUrl);
    const { address } = paced.accounts.operator;
    const nonce = await pacedClient.getTransactionCount({ address });
    let opening = true;
    const opened = openPosition({
      rpcUrl: paced.rpcUrl,
      account: paced.accounts.operator,
      pool: paced.pool,
      tickLower: 196_000,
      tickUpper: 196_500,
      amount0Desired: parseUnits('1000', 6),
      amount1Desired: parseEther('1'),
    }).finally(() => {
      opening = false;
    });
    while (opening) await pacedClient.mine({ blocks: 1 });
    const { tokenId, liquidity } = await opened;
    const sent = (await pacedClient.getTransactionCount({ address })) - nonce;
    await paced.stop();
    expect({ tokenId, sent }).toEqual({ tokenId: 4n, sent: 1 });
    expect(liquidity).toBeGreaterThan(0n);
  });
});

function balanceOf(from: LocalClient, token: `0x${string}`, owner: `0x${string}`): Promise<bigint> {
  return from.readContract({ address: token, abi: tokenAbi, functionName: 'balanceOf', args: [owner] });
}
