import { attributeValue } from '@rangeward/uniswap-v3/attribute-value';
import type { Attribution, TokenSums, ValueParts } from '@rangeward/uniswap-v3/attribution';
import type { Amounts } from '@rangeward/uniswap-v3/liquidity-amounts';
import {
  addAmounts,
  type Mark,
  type Numeraire,
  roundPartsTogether,
  subtractAmounts,
  wholeUnitsRoundingDown,
} from '@rangeward/uniswap-v3/value-ledger';
import type { DatedEntry } from './compose-ledger.ts';
import { lvrUntil, markAt, type PathTerms, type Slice, sliceLives } from './follow-liquidity.ts';
import { measurePerformance, type Performance } from './measure-performance.ts';
import { isBefore, type Moment } from './price-path.ts';

/** When something was: a place on the chain and its block's time. */
export type DatedMoment = Moment & { readonly timeS: number };

export type ReportInput = PathTerms & {
  readonly entries: readonly DatedEntry[];
  /** The line at `end`, as the chain itself says. */
  readonly mark: Mark;
  readonly end: DatedMoment;
  /** Where each period begins, in order; those before the line's first entry are left out. */
  readonly starts: readonly DatedMoment[];
  readonly stable: Numeraire;
  /** The time of every block that an entry is in, Unix seconds. */
  readonly timeOf: (block: number) => number;
};

/** The parts of a change of value in whole raw units of one token; they add up to `change` exactly. */
export type Parts = {
  readonly feesCollected: bigint;
  readonly feesUncollected: bigint;
  readonly price: bigint;
  readonly ilRealised: bigint;
  readonly ilUnrealised: bigint;
  readonly ilCarried: bigint;
  readonly swapCost: bigint;
  readonly gifts: bigint;
  readonly gas: bigint;
  readonly change: bigint;
  /** The change less `price`: the result against holding the deposits. */
  readonly vsHodl: bigint;
  /** Beside the sum, not in it: what rebalancing along the pool's own prices would have kept. */
  readonly lvr: bigint;
};

export type PeriodRow = {
  readonly from: DatedMoment;
  readonly to: DatedMoment;
  readonly inStable: Parts;
  readonly inVolatile: Parts;
};

export type PnlReport = {
  readonly from: DatedMoment;
  readonly to: DatedMoment;
  readonly inStable: Attribution;
  readonly inVolatile: Attribution;
  readonly total: { readonly inStable: Parts; readonly inVolatile: Parts };
  readonly rows: readonly PeriodRow[];
  readonly performance: Performance;
  /**
   * What the chain's fees are more than those of the path of prices, which splits them by period: some wei of rounding a swap,
   * and much more only when the pool's protocol fee was changed meanwhile.
   */
  readonly feesBeyondPath: Amounts;
};

type Cumulative = Record<Numeraire, { readonly found: Attribution; readonly lvrX192: bigint }>;

/** Profit and loss of a line, whole and by period, in the dollar and in the other token. Throws a RangeError without entries. */
export function buildReport(of: ReportInput): PnlReport {
  const [first] = of.entries;
  if (first === undefined) throw new RangeError('nothing ever happened to this line');
  const from = { block: first.block, logIndex: first.logIndex, timeS: of.timeOf(first.block) };
  const cuts = of.starts.filter((start) => isBefore(from, start) && isBefore(start, of.end));
  const slices = sliceLives(of.entries, [...cuts, of.end], of);
  const until = (moment: Moment, mark: Mark): Cumulative => {
    const entries = of.entries.filter((dated) => isBefore(dated, moment)).map(({ entry }) => entry);
    const lvr = lvrUntil(slices, moment);
    const at = (numeraire: Numeraire) => ({
      found: attributeValue({ entries, mark, numeraire }),
      lvrX192: lvr[numeraire],
    });
    return { token0: at('token0'), token1: at('token1') };
  };
  const end = until(of.end, of.mark);
  const states = [...cuts.map((cut) => until(cut, markAt(of.entries, cut, slices, of))), end];
  const moments = [from, ...cuts, of.end];
  const volatile = of.stable === 'token0' ? 'token1' : 'token0';
  // Without a start at or before the first entry the asked periods begin later: what was before them is no row.
  const wholeLife = of.starts.some((start) => !isBefore(from, start));
  const rows = states.flatMap((state, index) => {
    const before = states[index - 1];
    const [rowFrom, rowTo] = [moments[index], moments[index + 1]];
    if ((index === 0 && !wholeLife) || rowFrom === undefined || rowTo === undefined) return [];
    const parts = (numeraire: Numeraire) => partsBetween(before?.[numeraire], state[numeraire]);
    return [{ from: rowFrom, to: rowTo, inStable: parts(of.stable), inVolatile: parts(volatile) }];
  });
  return {
    from,
    to: of.end,
    inStable: end[of.stable].found,
    inVolatile: end[volatile].found,
    total: {
      inStable: partsBetween(undefined, end[of.stable]),
      inVolatile: partsBetween(undefined, end[volatile]),
    },
    rows,
    feesBeyondPath: beyondPath(end[of.stable].found.tokens, slices),
    performance: measurePerformance({
      entries: of.entries,
      attribution: end[of.stable].found,
      numeraire: of.stable,
      timeOf: of.timeOf,
      fromS: from.timeS,
      toS: of.end.timeS,
    }),
  };
}

function beyondPath(tokens: TokenSums, slices: readonly Slice[]): Amounts {
  const chain = addAmounts(tokens.feesCollected, tokens.feesUncollected);
  return slices.reduce((left, { fees }) => subtractAmounts(left, fees), chain);
}

/** A state in whole units, rounded together so that the parts add up. */
function wholeParts({ found, lvrX192 }: Cumulative[Numeraire]): Parts {
  const names = Object.keys(found.parts) as (keyof ValueParts)[]; // An attribution has exactly these.
  const rounded = roundPartsTogether(names.map((name) => found.parts[name]));
  const of = (name: keyof ValueParts) => rounded[names.indexOf(name)] ?? 0n;
  const change = rounded.reduce((sum, part) => sum + part, 0n);
  return {
    feesCollected: of('feesCollectedX192'),
    feesUncollected: of('feesUncollectedX192'),
    price: of('priceX192'),
    ilRealised: of('ilRealisedX192'),
    ilUnrealised: of('ilUnrealisedX192'),
    ilCarried: of('ilCarriedX192'),
    swapCost: of('swapCostX192'),
    gifts: of('giftsX192'),
    gas: of('gasX192'),
    change,
    vsHodl: change - of('priceX192'),
    lvr: wholeUnitsRoundingDown(lvrX192),
  };
}

/** What was added between two states, of whole units, so that the rows add up to the total as well. */
function partsBetween(before: Cumulative[Numeraire] | undefined, after: Cumulative[Numeraire]): Parts {
  const now = wholeParts(after);
  if (before === undefined) return now;
  const then = wholeParts(before);
  const added: { -readonly [Name in keyof Parts]: bigint } = { ...now };
  for (const name of Object.keys(now) as (keyof Parts)[]) added[name] -= then[name]; // Parts have exactly these.
  return added;
}
