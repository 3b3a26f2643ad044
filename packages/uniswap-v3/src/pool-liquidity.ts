import { type FeeGrowth, feeGrowthInside, tokensOwed } from './fee-growth.ts';
import { MAX_UINT128, smallerOf } from './full-math.ts';
import { type Amounts, amountsForLiquidityRoundingDown, amountsForLiquidityRoundingUp } from './liquidity-amounts.ts';
import { addFeeGrowth, type Pool, type PoolPosition, PoolRevert, type PoolTick, positionKey } from './pool-state.ts';
import { flipTick } from './tick-bitmap.ts';
import { isInRange, type TickRange } from './tick-grid.ts';
import { MAX_TICK, MIN_TICK } from './tick-math.ts';

/** An owner's range in a pool. */
export type OwnedRange = TickRange & { readonly owner: string };

const NO_GROWTH: FeeGrowth = { feeGrowth0X128: 0n, feeGrowth1X128: 0n };

/** `mint`: adds liquidity to an owner's range and answers what it costs, rounded up. Throws a PoolRevert and changes nothing where the pool reverts. */
export function mint(pool: Pool, order: OwnedRange & { readonly liquidity: bigint }): Amounts {
  if (order.liquidity <= 0n) throw new PoolRevert('mint', 'the liquidity to mint must be positive');
  modifyPosition(pool, order, order.liquidity);
  return amountsForLiquidityRoundingUp({ ...order, sqrtPriceX96: pool.sqrtPriceX96 });
}

/**
 * `burn`: takes liquidity out and adds its amounts, rounded down, to what the position is owed; zero liquidity only brings
 * its fees up to date. Answers the amounts. Throws a PoolRevert and changes nothing where the pool reverts.
 */
export function burn(pool: Pool, order: OwnedRange & { readonly liquidity: bigint }): Amounts {
  if (order.liquidity < 0n) throw new PoolRevert('burn', 'the liquidity to burn must not be negative');
  const position = modifyPosition(pool, order, -order.liquidity);
  const amounts = amountsForLiquidityRoundingDown({ ...order, sqrtPriceX96: pool.sqrtPriceX96 });
  position.tokensOwed0 = (position.tokensOwed0 + amounts.amount0) & MAX_UINT128;
  position.tokensOwed1 = (position.tokensOwed1 + amounts.amount1) & MAX_UINT128;
  return amounts;
}

/**
 * `burn` of a position that nobody knows (`Pool.knowsPositions`): moves ticks and active liquidity alone, and forgets what
 * was known of the position, which cannot have been all. Answers the amounts, rounded down.
 */
export function burnUnknown(pool: Pool, order: OwnedRange & { readonly liquidity: bigint }): Amounts {
  assertTicks(pool, order);
  assertTickDelta(pool, order, -order.liquidity);
  changeTicks(pool, order, -order.liquidity);
  if (order.liquidity !== 0n) pool.positions.delete(positionKey(order));
  return amountsForLiquidityRoundingDown({ ...order, sqrtPriceX96: pool.sqrtPriceX96 });
}

/**
 * What a mint (positive) or burn (negative) does to the ticks and the active liquidity, whoever it was and whether or not
 * the pool could have done it: for a pool of which not everything is known.
 */
export function changeTicks(pool: Pool, range: TickRange, liquidityDelta: bigint): void {
  if (liquidityDelta === 0n) return;
  updateTick(pool, range.tickLower, liquidityDelta, false);
  updateTick(pool, range.tickUpper, liquidityDelta, true);
  if (liquidityDelta < 0n) for (const tick of [range.tickLower, range.tickUpper]) clearIfUnused(pool, tick);
  if (isInRange(pool.tick, range)) pool.liquidity += liquidityDelta;
}

/** `collect`: pays out what the position is owed, at most what is asked for (everything by default). Never reverts. */
export function collect(pool: Pool, order: OwnedRange & Partial<Amounts>): Amounts {
  const position = pool.positions.get(positionKey(order));
  if (position === undefined) return { amount0: 0n, amount1: 0n };
  const amount0 = smallerOf(order.amount0 ?? MAX_UINT128, position.tokensOwed0);
  const amount1 = smallerOf(order.amount1 ?? MAX_UINT128, position.tokensOwed1);
  position.tokensOwed0 -= amount0;
  position.tokensOwed1 -= amount1;
  return { amount0, amount1 };
}

/** `flash`: shares out what was paid beyond the loan. Rounds as the chain: the protocol's part down, growth down. */
export function flash(pool: Pool, paid: { readonly paid0: bigint; readonly paid1: bigint }): void {
  if (pool.liquidity === 0n) throw new PoolRevert('L', 'a pool without liquidity lends nothing');
  const share0 = BigInt(pool.feeProtocol & 0xf);
  const share1 = BigInt(pool.feeProtocol >> 4);
  const toProtocol0 = share0 === 0n ? 0n : paid.paid0 / share0;
  const toProtocol1 = share1 === 0n ? 0n : paid.paid1 / share1;
  pool.protocolFees0 = (pool.protocolFees0 + toProtocol0) & MAX_UINT128;
  pool.protocolFees1 = (pool.protocolFees1 + toProtocol1) & MAX_UINT128;
  addFeeGrowth(pool, 0, ((paid.paid0 - toProtocol0) << 128n) / pool.liquidity);
  addFeeGrowth(pool, 1, ((paid.paid1 - toProtocol1) << 128n) / pool.liquidity);
}

/** The fee growth inside a range at this state of the pool. */
export function poolFeeGrowthInside(pool: Pool, range: TickRange): FeeGrowth {
  return feeGrowthInside({
    tick: pool.tick,
    tickLower: range.tickLower,
    tickUpper: range.tickUpper,
    global: { feeGrowth0X128: pool.feeGrowthGlobal0X128, feeGrowth1X128: pool.feeGrowthGlobal1X128 },
    outsideLower: outsideOf(pool.ticks.get(range.tickLower)),
    outsideUpper: outsideOf(pool.ticks.get(range.tickUpper)),
  });
}

/** v3-core `_modifyPosition` and `_updatePosition`: checks everything first, then changes ticks, position and liquidity. */
function modifyPosition(pool: Pool, of: OwnedRange, liquidityDelta: bigint): PoolPosition {
  assertTicks(pool, of);
  const key = positionKey(of);
  const position = pool.positions.get(key) ?? emptyPosition();
  assertDelta(pool, of, position, liquidityDelta);
  if (liquidityDelta !== 0n) {
    updateTick(pool, of.tickLower, liquidityDelta, false);
    updateTick(pool, of.tickUpper, liquidityDelta, true);
  }
  const inside = poolFeeGrowthInside(pool, of);
  position.tokensOwed0 += tokensOwed(position.liquidity, inside.feeGrowth0X128, position.feeGrowthInside0LastX128);
  position.tokensOwed1 += tokensOwed(position.liquidity, inside.feeGrowth1X128, position.feeGrowthInside1LastX128);
  position.tokensOwed0 &= MAX_UINT128;
  position.tokensOwed1 &= MAX_UINT128;
  position.liquidity += liquidityDelta;
  position.feeGrowthInside0LastX128 = inside.feeGrowth0X128;
  position.feeGrowthInside1LastX128 = inside.feeGrowth1X128;
  pool.positions.set(key, position);
  if (liquidityDelta < 0n) for (const tick of [of.tickLower, of.tickUpper]) clearIfUnused(pool, tick);
  if (isInRange(pool.tick, of)) pool.liquidity += liquidityDelta;
  return position;
}

function assertTicks(pool: Pool, of: OwnedRange): void {
  if (of.tickLower >= of.tickUpper)
    throw new PoolRevert('TLU', `tickLower ${of.tickLower} is not below ${of.tickUpper}`);
  if (of.tickLower < MIN_TICK) throw new PoolRevert('TLM', `tickLower ${of.tickLower} is below ${MIN_TICK}`);
  if (of.tickUpper > MAX_TICK) throw new PoolRevert('TUM', `tickUpper ${of.tickUpper} is above ${MAX_TICK}`);
  if (of.tickLower % pool.tickSpacing !== 0 || of.tickUpper % pool.tickSpacing !== 0) {
    throw new PoolRevert('flipTick', `${of.tickLower} and ${of.tickUpper} must be multiples of ${pool.tickSpacing}`);
  }
}

function assertDelta(pool: Pool, of: OwnedRange, position: PoolPosition, liquidityDelta: bigint): void {
  if (liquidityDelta === 0n && position.liquidity === 0n) throw new PoolRevert('NP', 'the position holds no liquidity');
  if (position.liquidity + liquidityDelta < 0n) {
    throw new PoolRevert('LS', `the position holds ${position.liquidity}, ${-liquidityDelta} cannot leave it`);
  }
  assertTickDelta(pool, of, liquidityDelta);
}

function assertTickDelta(pool: Pool, of: TickRange, liquidityDelta: bigint): void {
  for (const tick of [of.tickLower, of.tickUpper]) {
    const gross = (pool.ticks.get(tick)?.liquidityGross ?? 0n) + liquidityDelta;
    if (gross > pool.maxLiquidityPerTick) throw new PoolRevert('LO', `tick ${tick} may not hold ${gross}`);
    if (gross < 0n) throw new PoolRevert('LS', `tick ${tick} would hold ${gross}`);
  }
  if (isInRange(pool.tick, of) && pool.liquidity + liquidityDelta > MAX_UINT128) {
    throw new PoolRevert('LA', 'the active liquidity does not fit 128 bits');
  }
}

function updateTick(pool: Pool, tick: number, liquidityDelta: bigint, upper: boolean): void {
  let info = pool.ticks.get(tick);
  if (info === undefined) {
    // By the chain's convention all growth before a tick was initialized happened below it.
    const below = tick <= pool.tick;
    info = {
      liquidityGross: 0n,
      liquidityNet: 0n,
      feeGrowthOutside0X128: below ? pool.feeGrowthGlobal0X128 : 0n,
      feeGrowthOutside1X128: below ? pool.feeGrowthGlobal1X128 : 0n,
    };
    pool.ticks.set(tick, info);
    flipTick(pool.bitmap, tick);
  }
  info.liquidityGross += liquidityDelta;
  info.liquidityNet += upper ? -liquidityDelta : liquidityDelta;
}

function clearIfUnused(pool: Pool, tick: number): void {
  // Below zero it is only where events are missing, see `changeTicks`.
  if ((pool.ticks.get(tick)?.liquidityGross ?? 0n) > 0n) return;
  pool.ticks.delete(tick);
  flipTick(pool.bitmap, tick);
}

function outsideOf(tick: PoolTick | undefined): FeeGrowth {
  if (tick === undefined) return NO_GROWTH;
  return { feeGrowth0X128: tick.feeGrowthOutside0X128, feeGrowth1X128: tick.feeGrowthOutside1X128 };
}

function emptyPosition(): PoolPosition {
  return {
    liquidity: 0n,
    feeGrowthInside0LastX128: 0n,
    feeGrowthInside1LastX128: 0n,
    tokensOwed0: 0n,
    tokensOwed1: 0n,
  };
}
