import type { LocalClient } from '@rangeward/localnet/local-client';
import type { Pool } from '@rangeward/uniswap-v3/pool-state';
import { type Address, encodePacked, keccak256 } from 'viem';
import { expect } from 'vitest';
import { poolAbi } from './contract-abis.ts';

/** Holds a pool in memory against the contract's whole storage: state, ticks, their bitmap, and the positions it knows. */
export async function compareStorage(client: LocalClient, address: Address, pool: Pool): Promise<void> {
  const at = { address, abi: poolAbi } as const;
  const [slot0, liquidity, growth0, growth1, protocol] = await Promise.all([
    client.readContract({ ...at, functionName: 'slot0' }),
    client.readContract({ ...at, functionName: 'liquidity' }),
    client.readContract({ ...at, functionName: 'feeGrowthGlobal0X128' }),
    client.readContract({ ...at, functionName: 'feeGrowthGlobal1X128' }),
    client.readContract({ ...at, functionName: 'protocolFees' }),
  ]);
  expect([slot0[0], slot0[1], slot0[5], liquidity, growth0, growth1, ...protocol]).toEqual([
    pool.sqrtPriceX96,
    pool.tick,
    pool.feeProtocol,
    pool.liquidity,
    pool.feeGrowthGlobal0X128,
    pool.feeGrowthGlobal1X128,
    pool.protocolFees0,
    pool.protocolFees1,
  ]);
  const words = new Map<number, bigint>();
  for (const [tick, info] of pool.ticks) {
    const [gross, net, outside0, outside1] = await client.readContract({ ...at, functionName: 'ticks', args: [tick] });
    expect({ tick, gross, net, outside0, outside1 }).toEqual({
      tick,
      gross: info.liquidityGross,
      net: info.liquidityNet,
      outside0: info.feeGrowthOutside0X128,
      outside1: info.feeGrowthOutside1X128,
    });
    const compressed = tick / pool.tickSpacing;
    words.set(compressed >> 8, (words.get(compressed >> 8) ?? 0n) | (1n << BigInt(compressed & 255)));
  }
  for (const [word, expected] of words) {
    expect(await client.readContract({ ...at, functionName: 'tickBitmap', args: [word] })).toBe(expected);
  }
  for (const [key, position] of pool.positions) {
    const [owner, lower, upper] = key.split(':');
    const id = keccak256(encodePacked(['address', 'int24', 'int24'], [owner as Address, Number(lower), Number(upper)]));
    const [held, inside0, inside1, owed0, owed1] = await client.readContract({
      ...at,
      functionName: 'positions',
      args: [id],
    });
    expect({ held, inside0, inside1, owed0, owed1 }).toEqual({
      held: position.liquidity,
      inside0: position.feeGrowthInside0LastX128,
      inside1: position.feeGrowthInside1LastX128,
      owed0: position.tokensOwed0,
      owed1: position.tokensOwed1,
    });
  }
}
