import { annualiseReturn, type CapitalFlow, type YearlyReturn } from '@rangeward/uniswap-v3/annualise-return';
import type { Attribution } from '@rangeward/uniswap-v3/attribution';
import { type Numeraire, quoteAt, valueX192, wholeUnitsRoundingDown } from '@rangeward/uniswap-v3/value-ledger';
import type { DatedEntry } from './compose-ledger.ts';

/** One move to another NFT, and whether it has paid for itself; amounts in raw units of the numeraire, rounded down, costs negative. */
export type Rebalance = {
  /** The NFT it made. */
  readonly nft: bigint;
  readonly planId: string | null;
  readonly gas: bigint;
  readonly swapCost: bigint;
  /** What the new NFT has earned since, and its own IL, realised or not. */
  readonly fees: bigint;
  readonly il: bigint;
  /** gas + swapCost + fees + il > 0. */
  readonly won: boolean;
  /** The NFT still has liquidity: the verdict may change. */
  readonly open: boolean;
};

export type Performance = {
  /** Change of value by what was put in, gas included; null when nothing was. */
  readonly roi: number | null;
  readonly rebalances: readonly Rebalance[];
  /** Of rebalances whose NFT is closed again, the share that won; null when none is. */
  readonly winRate: number | null;
  /** Fees by gas: how many times the gas has been earned; null without gas. */
  readonly feesPerGas: number | null;
  /** By accrued fees alone; without gas; with everything, each on the mean capital at work. Null without time or capital. */
  readonly feeReturn: YearlyReturn | null;
  readonly returnWithoutGas: YearlyReturn | null;
  readonly returnWithEverything: YearlyReturn | null;
};

export type PerformanceInput = {
  readonly entries: readonly DatedEntry[];
  readonly attribution: Attribution;
  readonly numeraire: Numeraire;
  readonly timeOf: (block: number) => number;
  readonly fromS: number;
  readonly toS: number;
};

/** How well a line did. Everything is valued in one token at the price when it happened; shares are numbers for people. */
export function measurePerformance(of: PerformanceInput): Performance {
  const { parts, changeX192, depositedX192 } = of.attribution;
  const fees = parts.feesCollectedX192 + parts.feesUncollectedX192;
  const flows = of.entries.flatMap((dated) => flowOf(dated, of));
  const yearly = (gain: bigint) => annualiseReturn({ gain, flows, fromS: of.fromS, toS: of.toS });
  const rebalances = rebalancesOf(of);
  const closed = rebalances.filter(({ open }) => !open);
  return {
    roi: ratioOf(changeX192, depositedX192),
    rebalances,
    winRate: closed.length === 0 ? null : closed.filter(({ won }) => won).length / closed.length,
    feesPerGas: ratioOf(fees, -parts.gasX192),
    feeReturn: yearly(fees),
    returnWithoutGas: yearly(changeX192 - parts.gasX192),
    returnWithEverything: yearly(changeX192),
  };
}

function flowOf({ entry, block }: DatedEntry, { numeraire, timeOf }: PerformanceInput): CapitalFlow[] {
  if (entry.kind !== 'deposit' && entry.kind !== 'withdrawal') return [];
  const worth = valueX192(entry, quoteAt(entry.sqrtPriceX96, numeraire));
  return [{ atS: timeOf(block), amount: entry.kind === 'deposit' ? worth : -worth }];
}

/** Every NFT after the first was made by a rebalance; what it cost is the swap and all gas of the plan that made it. */
function rebalancesOf({ entries, attribution, numeraire }: PerformanceInput): Rebalance[] {
  return attribution.stages.slice(1).map(({ nft, feesX192, ilX192, open }) => {
    const made = entries.find(({ entry }) => entry.kind === 'increase' && entry.nft === nft);
    const planId = made?.planId ?? null;
    const ofPlan = planId === null ? [] : entries.filter((dated) => dated.planId === planId);
    const sum = (kind: 'gas' | 'swap') =>
      ofPlan
        .filter(({ entry }) => entry.kind === kind)
        .reduce((total, { entry }) => total + valueX192(entry, quoteAt(entry.sqrtPriceX96, numeraire)), 0n);
    const [gasX192, swapX192] = [-sum('gas'), sum('swap')];
    const won = gasX192 + swapX192 + feesX192 + ilX192 > 0n;
    return {
      nft,
      planId,
      gas: wholeUnitsRoundingDown(gasX192),
      swapCost: wholeUnitsRoundingDown(swapX192),
      fees: wholeUnitsRoundingDown(feesX192),
      il: wholeUnitsRoundingDown(ilX192),
      won,
      open,
    };
  });
}

/** To nine digits. */
function ratioOf(part: bigint, whole: bigint): number | null {
  return whole <= 0n ? null : Number((part * 10n ** 9n) / whole) / 1e9;
}
