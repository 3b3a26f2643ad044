import type { PricePoint } from '@rangeward/adapter-evm/read-price-path';
import { smallerOf } from '@rangeward/uniswap-v3/full-math';
import { type Amounts, amountsForLiquidityRoundingDown, NO_AMOUNTS } from '@rangeward/uniswap-v3/liquidity-amounts';
import { lossVersusRebalancingX192 } from '@rangeward/uniswap-v3/loss-versus-rebalancing';
import { pricePathFeesRoundingDown } from '@rangeward/uniswap-v3/price-path-fees';
import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';
import { addAmounts, type Mark, subtractAmounts } from '@rangeward/uniswap-v3/value-ledger';
import type { DatedEntry } from './compose-ledger.ts';
import { isBefore, type Moment, priceAt, pricesBetween } from './price-path.ts';

/** What one NFT's liquidity, constant between two moments, earned and lost there by the path of prices. */
export type Slice = {
  readonly nft: bigint;
  readonly to: Moment;
  readonly fees: Amounts;
  readonly lvrX192: { readonly token0: bigint; readonly token1: bigint };
};

export type PathTerms = {
  readonly ranges: ReadonlyMap<bigint, TickRange>;
  readonly path: readonly PricePoint[];
  readonly feePips: number;
  readonly feeProtocol: number;
};

/** What the books say of one NFT at a moment; fees are what `collect` has paid beyond the principal. */
type NftState = { liquidity: bigint; owed: Amounts; feesCollected: Amounts; since: Moment };

/**
 * The life of every NFT in slices, cut wherever its liquidity changes and at `cuts`, which are in order and end with the
 * moment of the mark.
 */
export function sliceLives(entries: readonly DatedEntry[], cuts: readonly Moment[], terms: PathTerms): Slice[] {
  const slices: Slice[] = [];
  const states = new Map<bigint, NftState>();
  const cutAt = (moment: Moment) => {
    for (const [nft, state] of states) {
      const slice = state.liquidity === 0n ? undefined : sliceOf(nft, state, moment, terms);
      if (slice !== undefined) slices.push(slice);
      state.since = moment;
    }
  };
  let next = 0;
  for (const cut of cuts) {
    for (let dated = entries[next]; dated !== undefined && isBefore(dated, cut); dated = entries[++next]) {
      if (changesLiquidity(dated)) cutAt(dated);
      applyTo(states, dated);
    }
    cutAt(cut);
  }
  return slices;
}

/** LVR of all NFTs up to a moment that the lives were cut at. */
export function lvrUntil(slices: readonly Slice[], moment: Moment): { token0: bigint; token1: bigint } {
  const sum = { token0: 0n, token1: 0n };
  for (const slice of slices) {
    if (isBefore(moment, slice.to)) continue;
    sum.token0 += slice.lvrX192.token0;
    sum.token1 += slice.lvrX192.token1;
  }
  return sum;
}

/**
 * The line at a moment of the past that the lives were cut at. Principal is exact, rounded down; uncollected fees are those
 * of the path of prices, short of the chain's by a few wei a step: what is missing shows in the period after.
 */
export function markAt(
  entries: readonly DatedEntry[],
  moment: Moment,
  slices: readonly Slice[],
  { ranges, path }: PathTerms,
): Mark {
  const states = new Map<bigint, NftState>();
  for (const dated of entries) if (isBefore(dated, moment)) applyTo(states, dated);
  const sqrtPriceX96 = priceAt(path, moment);
  const positions = [...states].map(([nft, { liquidity, owed, feesCollected }]) => {
    const accrued = slices
      .filter((slice) => slice.nft === nft && !isBefore(moment, slice.to))
      .reduce((sum, { fees }) => addAmounts(sum, fees), NO_AMOUNTS);
    const left = subtractAmounts(accrued, feesCollected);
    // What was collected may be a few wei more than the path says; nobody owes the line less than nothing.
    const fees =
      liquidity === 0n ? NO_AMOUNTS : { amount0: notNegative(left.amount0), amount1: notNegative(left.amount1) };
    const principal = amountsForLiquidityRoundingDown({ ...rangeOf(ranges, nft), liquidity, sqrtPriceX96 });
    return { nft, principal, collectable: addAmounts(owed, fees) };
  });
  return { sqrtPriceX96, positions };
}

function sliceOf(nft: bigint, { liquidity, since }: NftState, to: Moment, terms: PathTerms): Slice {
  const { path, feePips, feeProtocol } = terms;
  const along = { ...rangeOf(terms.ranges, nft), liquidity, sqrtPricesX96: pricesBetween(path, since, to) };
  return {
    nft,
    to,
    fees: pricePathFeesRoundingDown({ ...along, feePips, feeProtocol }),
    lvrX192: {
      token0: lossVersusRebalancingX192({ ...along, numeraire: 'token0' }),
      token1: lossVersusRebalancingX192({ ...along, numeraire: 'token1' }),
    },
  };
}

function changesLiquidity({ entry }: DatedEntry): boolean {
  return entry.kind === 'increase' || entry.kind === 'gift' || entry.kind === 'decrease';
}

function applyTo(states: Map<bigint, NftState>, dated: DatedEntry): void {
  const { entry } = dated;
  if (!('nft' in entry)) return;
  const state = states.get(entry.nft) ?? { liquidity: 0n, owed: NO_AMOUNTS, feesCollected: NO_AMOUNTS, since: dated };
  states.set(entry.nft, state);
  if (entry.kind === 'increase' || entry.kind === 'gift') state.liquidity += entry.liquidity;
  else if (entry.kind === 'decrease') {
    state.liquidity -= entry.liquidity;
    state.owed = addAmounts(state.owed, entry);
  } else {
    const principal = {
      amount0: smallerOf(entry.amount0, state.owed.amount0),
      amount1: smallerOf(entry.amount1, state.owed.amount1),
    };
    state.owed = subtractAmounts(state.owed, principal);
    state.feesCollected = addAmounts(state.feesCollected, subtractAmounts(entry, principal));
  }
}

function rangeOf(ranges: PathTerms['ranges'], nft: bigint): TickRange {
  const range = ranges.get(nft);
  if (range === undefined) throw new RangeError(`the range of NFT ${nft} is not known`);
  return range;
}

function notNegative(value: bigint): bigint {
  return value < 0n ? 0n : value;
}
