import { abs } from './full-math.ts';
import type { Pool, PoolTick } from './pool-state.ts';
import { flipTick } from './tick-bitmap.ts';

/** Ticks of a pool that nobody minted: what is learnt of them is put in and taken out by hand. */

/** Moves net liquidity to a tick, which is initialized while there is any. */
export function moveNet(pool: Pool, tick: number, delta: bigint): void {
  if (delta === 0n) return;
  const info = pool.ticks.get(tick) ?? addTick(pool, tick);
  info.liquidityGross += abs(info.liquidityNet + delta) - abs(info.liquidityNet);
  info.liquidityNet += delta;
  if (info.liquidityGross === 0n) removeTick(pool, tick);
}

/** Initializes a tick with no liquidity; the caller gives it some, or removes it again. */
export function addTick(pool: Pool, tick: number): PoolTick {
  const info = { liquidityGross: 0n, liquidityNet: 0n, feeGrowthOutside0X128: 0n, feeGrowthOutside1X128: 0n };
  pool.ticks.set(tick, info);
  flipTick(pool.bitmap, tick);
  return info;
}

/** Takes a tick out as if it had never been. */
export function removeTick(pool: Pool, tick: number): void {
  pool.ticks.delete(tick);
  flipTick(pool.bitmap, tick);
}
