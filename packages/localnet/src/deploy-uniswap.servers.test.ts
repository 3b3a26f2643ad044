import { encodeAbiParameters, getContractAddress, keccak256 } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployer } from './accounts.ts';
import { addresses } from './addresses.ts';
import { type Anvil, startAnvil } from './anvil.ts';
import { factoryAbi, poolAbi, tokenAbi } from './contract-abis.ts';
import { createPool, deployTokenPair, mintTestToken } from './create-pool.ts';
import { creations, poolCreationCode } from './creation-code.ts';
import { deployUniswap } from './deploy-uniswap.ts';
import { type LocalClient, localClient } from './local-client.ts';
import { openPosition } from './open-position.ts';

let anvil: Anvil;
let client: LocalClient;

beforeAll(async () => {
  anvil = await startAnvil();
  await deployUniswap(anvil.rpcUrl);
  client = localClient(anvil.rpcUrl);
});

afterAll(() => anvil.stop());

describe('deployUniswap', () => {
  it('puts code at every mainnet address', async () => {
    const codes = await Promise.all(creations().map(({ address }) => client.getCode({ address })));
    expect(codes.filter((code) => code === undefined)).toEqual([]);
    expect(codes).toHaveLength(10);
  });

  it('ran the constructors: fee tiers have their spacing', async () => {
    const spacingOf = (fee: number) =>
      client.readContract({
        address: addresses.factory,
        abi: factoryAbi,
        functionName: 'feeAmountTickSpacing',
        args: [fee],
      });
    expect(await Promise.all([500, 3_000, 10_000].map(spacingOf))).toEqual([10, 60, 200]);
  });

  it('knows a pool by the CREATE2 address that every integration computes', async () => {
    const initCodeHash = keccak256(poolCreationCode());
    // The constant in v3-periphery's PoolAddress library.
    expect(initCodeHash).toBe('0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54');
    const key = encodeAbiParameters(
      [{ type: 'address' }, { type: 'address' }, { type: 'uint24' }],
      [addresses.usdc, addresses.weth, 500],
    );
    const computed = getContractAddress({
      opcode: 'CREATE2',
      from: addresses.factory,
      salt: keccak256(key),
      bytecodeHash: initCodeHash,
    });
    expect(computed).toBe(addresses.usdcWethPool);
  });
});

describe('test tokens and pools', () => {
  const eighteen = { name: 'Eighteen', symbol: 'EIGHTEEN', decimals: 18 };
  const six = { name: 'Six', symbol: 'SIX', decimals: 6 };

  it.each([
    { token0: eighteen, token1: six },
    { token0: six, token1: eighteen },
  ])('come in the order asked for: $token0.symbol first', async (spec) => {
    const pair = await deployTokenPair(client, spec);
    const pool = await createPool(client, {
      tokenA: pair.token1,
      tokenB: pair.token0,
      fee: 3_000,
      sqrtPriceX96: 1n << 96n,
      observationCardinality: 300,
    });
    const read = { address: pool, abi: poolAbi } as const;
    const token0 = await client.readContract({ ...read, functionName: 'token0' });
    const slot0 = await client.readContract({ ...read, functionName: 'slot0' });
    const decimals = await client.readContract({ address: token0, abi: tokenAbi, functionName: 'decimals' });
    expect(decimals).toBe(spec.token0.decimals);
    expect(slot0.slice(0, 2)).toEqual([1n << 96n, 0]);
    expect(slot0[4]).toBe(300);
  });

  it('take a position of an account that has approved nothing yet', async () => {
    const pair = await deployTokenPair(client, { token0: six, token1: eighteen });
    const key = { tokenA: pair.token0, tokenB: pair.token1, fee: 500 };
    const pool = await createPool(client, { ...key, sqrtPriceX96: 1n << 96n });
    for (const token of [pair.token0, pair.token1]) await mintTestToken(client, token, deployer.address, 1_000_000n);
    const opened = await openPosition({
      rpcUrl: anvil.rpcUrl,
      account: deployer,
      pool,
      tickLower: -100,
      tickUpper: 100,
      amount0Desired: 1_000_000n,
      amount1Desired: 1_000_000n,
    });
    expect([opened.amount0, opened.amount1]).toEqual([1_000_000n, 1_000_000n]);
    expect(await client.readContract({ address: pool, abi: poolAbi, functionName: 'liquidity' })).toBe(
      opened.liquidity,
    );
  });

  it('can be minted by a test, to the unit', async () => {
    const { token0 } = await deployTokenPair(client, { token0: six, token1: eighteen });
    await mintTestToken(client, token0, addresses.factory, 123n);
    const balance = await client.readContract({
      address: token0,
      abi: tokenAbi,
      functionName: 'balanceOf',
      args: [addresses.factory],
    });
    expect(balance).toBe(123n);
  });
});
