import type {
  DecisionKind,
  EventData,
  Gate,
  marketObserved,
  PricedOption,
  recommendation,
  TriggerKind,
} from '@rangeward/contracts';
import type { NormalForecast } from '@rangeward/signal/score-forecast';
import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';
import type { OwnPosition, Spot } from './market.ts';
import type { PoolTerms } from './pool-terms.ts';

/** What a strategy may look at when it is asked. All of it is of the moment or earlier. */
export type Sight = {
  /** When it is asked, Unix seconds; the spot is of the last block not after it. */
  readonly timeS: number;
  readonly trigger: TriggerKind;
  readonly terms: PoolTerms;
  readonly spot: Spot;
  readonly position: OwnPosition | null;
  /** What was done in the 24 hours before. */
  readonly today: { readonly rebalances: number; readonly gasUsdE6: number };
  /** The whole market as the services see it; worked out when asked for. */
  observe(): EventData<typeof marketObserved>;
};

export type Move = {
  readonly kind: DecisionKind;
  /** Where to be afterwards; null when nothing is minted. */
  readonly range: TickRange | null;
  /** False: the new range takes what is held, and nothing is sold. */
  readonly withSwap: boolean;
  /** The most that the tick may move before the plan is carried out. */
  readonly maxTickDeviation: number;
  readonly reason: string;
  readonly gates: readonly Gate[];
  /** What was weighed, each with its price; empty where nothing was. */
  readonly options: readonly PricedOption[];
  /** The view it was made from, where there is one. */
  readonly view: EventData<typeof recommendation> | null;
  /** A view that everybody has for nothing, to hold it against; worked out when asked for. */
  readonly baseline: (() => NormalForecast | null) | null;
};

/** Values in, values out: the same sight gives the same move. */
export type Strategy = {
  readonly name: string;
  /** One line for a person. */
  readonly about: string;
  /** Asked at every multiple of this, Unix seconds; null never. */
  readonly everyS: number | null;
  /** Asked as well when the price is so far out of the range; again after so many blocks outside (0 never). */
  readonly breach: { readonly bufferTicks: number; readonly rearmBlocks: number } | null;
  /** The first range. */
  start(sight: Sight): TickRange;
  decide(sight: Sight): Move;
};

export function holdStill(reason: string): Move {
  return {
    kind: 'hold',
    range: null,
    withSwap: false,
    maxTickDeviation: 0,
    reason,
    gates: [],
    options: [],
    view: null,
    baseline: null,
  };
}
