import { createRequire } from 'node:module';
import { type LocalChain, loadChain } from '@rangeward/localnet/chain-state';
import { poolAbi, tokenAbi } from '@rangeward/localnet/contract-abis';
import { type LocalClient, localClient, sendAndWait } from '@rangeward/localnet/local-client';
import { type Abi, encodeDeployData, type Hex, zeroAddress } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeApproval } from './encode-approval.ts';
import { appendMarker } from './encode-marker.ts';
import { encodeSwap } from './encode-swap.ts';

let chain: LocalChain;
let client: LocalClient;
let router: `0x${string}`;

/** Puts the router of Base and other chains, as it was published, on the local chain; it has none of its own. */
beforeAll(async () => {
  chain = await loadChain();
  client = localClient(chain.rpcUrl);
  const require = createRequire(import.meta.url);
  // The package publishes compiler output in this well-known form; it carries no types.
  const { abi, bytecode } =
    require('@uniswap/swap-router-contracts/artifacts/contracts/SwapRouter02.sol/SwapRouter02.json') as {
      abi: Abi;
      bytecode: Hex;
    };
  const { factory, positionManager, weth } = chain.addresses;
  const data = encodeDeployData({ abi, bytecode, args: [zeroAddress, factory, positionManager, weth] });
  const { contractAddress } = await sendAndWait(client, chain.accounts.operator, { data });
  if (!contractAddress) throw new Error('SwapRouter02 was not created');
  router = contractAddress;
});
afterAll(() => chain?.stop());

const held = (token: `0x${string}`) =>
  client.readContract({
    address: token,
    abi: tokenAbi,
    functionName: 'balanceOf',
    args: [chain.accounts.operator.address],
  });
const nowS = async () => (await client.getBlock()).timestamp;

async function swapOf(change: Partial<Parameters<typeof encodeSwap>[1]> = {}) {
  const { usdc, weth } = chain.addresses;
  const swap = {
    tokenIn: usdc,
    tokenOut: weth,
    feePips: 500,
    recipient: chain.accounts.operator.address,
    deadlineS: (await nowS()) + 300n,
    amountIn: 3_000_000_000n,
    amountOutMinimum: 9n * 10n ** 17n,
    sqrtPriceLimitX96: 0n,
    ...change,
  };
  const data = appendMarker(encodeSwap('swap-router-02', swap), { planId: 'ab'.repeat(32), step: 2 });
  return { swap, call: { to: router, data } };
}

test('a swap encoded for SwapRouter02 is done by the published contract, marker and all, in both directions', async () => {
  const { usdc, weth } = chain.addresses;
  for (const [tokenIn, tokenOut, amountIn, amountOutMinimum] of [
    [usdc, weth, 3_000_000_000n, 9n * 10n ** 17n],
    [weth, usdc, 10n ** 18n, 2_900_000_000n],
  ] as const) {
    await sendAndWait(client, chain.accounts.operator, { to: tokenIn, data: encodeApproval(router, amountIn) });
    const before = [await held(tokenIn), await held(tokenOut)] as const;
    const { call } = await swapOf({ tokenIn, tokenOut, amountIn, amountOutMinimum });
    await sendAndWait(client, chain.accounts.operator, call);
    expect(before[0] - (await held(tokenIn))).toBe(amountIn);
    expect((await held(tokenOut)) - before[1]).toBeGreaterThanOrEqual(amountOutMinimum);
  }
});

test('its limits are the contract’s: the deadline of the multicall, the least amount, the price at which it stops', async () => {
  const { usdc } = chain.addresses;
  await sendAndWait(client, chain.accounts.operator, { to: usdc, data: encodeApproval(router, 10n ** 12n) });
  const account = chain.accounts.operator.address;
  const tried = async (change: Parameters<typeof swapOf>[0]) =>
    client.call({ account, ...(await swapOf(change)).call });
  await expect(tried({ deadlineS: (await nowS()) - 1n })).rejects.toThrow('Transaction too old');
  await expect(tried({ amountOutMinimum: 10n ** 19n })).rejects.toThrow('Too little received');
  const [sqrtPriceX96] = await client.readContract({ address: chain.pool, abi: poolAbi, functionName: 'slot0' });
  // A hair below the price: almost nothing is sold, and the minimum refuses what it paid.
  await expect(tried({ sqrtPriceLimitX96: sqrtPriceX96 - 1n })).rejects.toThrow('Too little received');
  await expect(tried({})).resolves.toBeDefined();
});
