import type { Gate, TriggerKind } from '@rangeward/contracts';
import type { DecisionSettings } from '@rangeward/decision/config';
import type { MarketDataSettings } from '@rangeward/market-data/config';
import { detectBreach } from '@rangeward/market-data/detect-breach';
import { type Episode, stepEpisode } from '@rangeward/market-data/step-episode';
import type { NormalForecast } from '@rangeward/signal/score-forecast';
import { type Amounts, NO_AMOUNTS } from '@rangeward/uniswap-v3/liquidity-amounts';
import { quoteToken0InToken1RoundingDown, quoteToken1InToken0RoundingDown } from '@rangeward/uniswap-v3/price';
import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';
import { createCandleBook } from './candle-book.ts';
import { carryOut, deposit, type Execution, openPosition, type Portfolio, swapForRange } from './carry-out.ts';
import type { Market, Venue, Watch } from './market.ts';
import { type ObserveContext, observeMarket, runAt } from './observe-market.ts';
import { watchedPoolOf } from './pool-terms.ts';
import type { Move, Sight, Strategy } from './strategy.ts';
import { type Outcome, type SeriesPoint, samplePoint, sumUp } from './sum-up.ts';

export type RunOptions = {
  /** First and last moment, Unix seconds; what lies before is history to look back on. */
  readonly startS: number;
  readonly endS: number;
  readonly capitalUsdE6: number;
  /** From decision to block: signing, sending, waiting. */
  readonly latencyS: number;
  readonly marketData: MarketDataSettings;
  readonly gasUnits: DecisionSettings['gas'];
  /** Points of the value series. */
  readonly points: number;
  /** Whether what was decided is kept with all it was made from; a search needs the totals alone. */
  readonly keepDecisions: boolean;
};

/** One answer of a strategy, with what it was made from and what became of it. */
export type Decided = {
  readonly atS: number;
  readonly trigger: TriggerKind;
  readonly priceUsdE6: number;
  readonly tick: number;
  /** The range it had then; null without a position. */
  readonly had: TickRange | null;
  readonly kind: Move['kind'];
  readonly range: TickRange | null;
  readonly reason: string;
  readonly gates: readonly Gate[];
  readonly options: Move['options'];
  readonly view: Move['view'];
  readonly baseline: NormalForecast | null;
  execution: Execution | null;
};

type Life = {
  readonly strategy: Strategy;
  readonly options: RunOptions;
  readonly portfolio: Portfolio;
  readonly context: ObserveContext;
  readonly candles: ReturnType<typeof createCandleBook>;
  readonly entry: Amounts;
  readonly decided: Decided[];
  readonly points: SeriesPoint[];
  episode: Episode | null;
  /** When a price that stays outside is to be said again. */
  rearmS: number;
  pending: { readonly dueS: number; readonly move: Move; readonly decided: Decided } | null;
  readonly counts: Counts;
};

/** How often what happened. */
export type Counts = { runs: number; rebalances: number; collects: number; exits: number; refused: number };

const COUNTED = { rebalance: 'rebalances', collect: 'collects', exit: 'exits' } as const;

const DAY_S = 86_400;

/** One strategy through a market, from the first moment to the last. The same arguments give the same outcome. */
export function runStrategy(market: Market, strategy: Strategy, options: RunOptions): Outcome {
  const life = begin(market, strategy, options);
  const { venue } = life.portfolio;
  const { startS, endS, points } = options;
  const pointS = Math.max(1, Math.ceil((endS - startS) / Math.max(1, points)));
  let slotS = nextSlot(strategy, startS);
  let sampled = 0;
  let nowS = startS;
  for (;;) {
    const sampleS = startS + sampled * pointS;
    if (nowS >= sampleS) {
      life.points.push(samplePoint(life.portfolio, life.entry, nowS));
      sampled += 1;
      continue;
    }
    if (nowS >= endS) break;
    const untilS = Math.min(endS, slotS, sampleS, life.pending?.dueS ?? life.rearmS);
    const fired = venue.advance(untilS, watchOf(life));
    nowS = fired ? venue.spot().timeS : Math.max(nowS, untilS);
    if (life.pending !== null && nowS >= life.pending.dueS) carryOutPending(life);
    // Only then: whether a breach is seen must not depend on how often somebody else looks.
    if ((fired || nowS >= life.rearmS) && lookForBreach(life, nowS)) ask(life, nowS, 'price-breach');
    if (nowS >= slotS) {
      ask(life, slotS, 'scheduled');
      slotS = nextSlot(strategy, nowS);
    }
  }
  return sumUp(life);
}

function begin(market: Market, strategy: Strategy, options: RunOptions): Life {
  const { terms, gas } = market;
  const venue = market.open(options.startS);
  const portfolio: Portfolio = {
    ...{ terms, gas, venue, gasUnits: options.gasUnits, entries: [], spent: [] },
    idle: NO_AMOUNTS,
    nft: 0n,
    feesCollected: NO_AMOUNTS,
    gasUsdE6: 0,
  };
  const entry = halfAndHalf(venue, terms.stable, options.capitalUsdE6);
  const life: Life = {
    ...{ strategy, options, portfolio, entry },
    context: { terms, gas, watched: watchedPoolOf(terms), settings: options.marketData },
    candles: createCandleBook(venue.trades, options.marketData.candleSeconds),
    decided: [],
    points: [],
    episode: null,
    rearmS: Number.POSITIVE_INFINITY,
    pending: null,
    counts: { runs: 0, rebalances: 0, collects: 0, exits: 0, refused: 0 },
  };
  deposit(portfolio, entry);
  const range = strategy.start(sightOf(life, options.startS, 'scheduled'));
  openPosition(portfolio, range, swapForRange(portfolio, range, entry).held);
  return life;
}

/** Half the capital in each token at the first price, so that holding means the same for every strategy. Rounded down. */
function halfAndHalf(venue: Venue, stable: 0 | 1, capitalUsdE6: number): Amounts {
  const half = BigInt(Math.floor(capitalUsdE6 / 2));
  const { sqrtPriceX96 } = venue.spot();
  return stable === 0
    ? { amount0: half, amount1: quoteToken0InToken1RoundingDown(sqrtPriceX96, half) }
    : { amount0: quoteToken1InToken0RoundingDown(sqrtPriceX96, half), amount1: half };
}

function nextSlot({ everyS }: Strategy, afterS: number): number {
  return everyS === null ? Number.POSITIVE_INFINITY : (Math.floor(afterS / everyS) + 1) * everyS;
}

/** What to be woken by: the price leaving the range, or, once that was said, its return. */
function watchOf(life: Life): Watch | null {
  const position = life.portfolio.venue.position();
  const { breach } = life.strategy;
  if (position === null || breach === null || life.pending !== null) return null;
  const { tickLower, tickUpper } = position;
  if (life.episode !== null) return { tickLower, tickUpper, until: 'inside' };
  return { tickLower: tickLower - breach.bufferTicks, tickUpper: tickUpper + breach.bufferTicks, until: 'outside' };
}

/** As market-data watches: once an episode, and again after a while. */
function lookForBreach(life: Life, nowS: number): boolean {
  const { venue, nft, terms } = life.portfolio;
  const position = venue.position();
  const { breach } = life.strategy;
  if (position === null || breach === null || life.pending !== null) return false;
  const { tick, block } = venue.spot();
  const where = detectBreach(tick, position, breach.bufferTicks);
  const step = stepEpisode(life.episode, { where, tokenId: nft.toString(), block, isNewest: true }, breach.rearmBlocks);
  if (step.kind === 'announce') life.episode = step.episode;
  else if (step.kind === 'close') life.episode = null;
  const left = life.episode === null ? 0 : life.episode.block + breach.rearmBlocks - block;
  const again = life.episode !== null && breach.rearmBlocks > 0;
  life.rearmS = again ? nowS + Math.max(1, left) * terms.blockTimeS : Number.POSITIVE_INFINITY;
  return step.kind === 'announce';
}

/** Asks the strategy; a plan on its way is waited for, as one wallet carries out one plan. */
function ask(life: Life, timeS: number, trigger: TriggerKind): void {
  if (life.pending !== null) return;
  const sight = sightOf(life, timeS, trigger);
  const move = life.strategy.decide(sight);
  const { venue } = life.portfolio;
  const decided: Decided = {
    atS: timeS,
    trigger,
    priceUsdE6: venue.trades.priceUsdE6[venue.trades.length - 1] ?? 0,
    tick: sight.spot.tick,
    had: sight.position,
    kind: move.kind,
    range: move.range,
    reason: move.reason,
    gates: move.gates,
    options: move.options,
    view: move.view,
    baseline: life.options.keepDecisions ? (move.baseline?.() ?? null) : null,
    execution: null,
  };
  life.counts.runs += 1;
  if (life.options.keepDecisions) life.decided.push(decided);
  if (move.kind !== 'hold') life.pending = { dueS: timeS + life.options.latencyS, move, decided };
}

function carryOutPending(life: Life): void {
  const { pending } = life;
  if (pending === null) return;
  life.pending = null;
  const execution = carryOut(life.portfolio, pending.move, pending.decided.tick);
  pending.decided.execution = execution;
  if (execution.kind === 'refused') life.counts.refused += 1;
  else if (pending.move.kind !== 'hold') life.counts[COUNTED[pending.move.kind]] += 1;
}

function sightOf(life: Life, timeS: number, trigger: TriggerKind): Sight {
  const { portfolio, context, candles, entry } = life;
  const { venue, terms, idle, nft, spent } = portfolio;
  const spot = venue.spot();
  const position = venue.position();
  return {
    ...{ timeS, trigger, terms, spot, position },
    today: spentSince(spent, timeS - DAY_S),
    observe: () => {
      const run = runAt({ terms, count: life.counts.runs + 1, trigger, timeS, tokenId: nft });
      const { trades, quote } = venue;
      return observeMarket(context, { run, spot, trades, quote, candles, position, entry, idle });
    },
  };
}

/** From the end, so that a long past costs no more than a day. */
function spentSince(spent: Portfolio['spent'], sinceS: number): Sight['today'] {
  let [rebalances, gasUsdE6] = [0, 0];
  for (let at = spent.length - 1; at >= 0; at -= 1) {
    const one = spent[at];
    if (one === undefined || one.timeS <= sinceS) break;
    rebalances += one.rebalance ? 1 : 0;
    gasUsdE6 += one.gasUsdE6;
  }
  return { rebalances, gasUsdE6 };
}
