import type { Gate, PricedOption } from '@rangeward/contracts';
import { isInRange, type TickRange } from '@rangeward/uniswap-v3/tick-grid';
import type { DecisionInput } from './check-safety.ts';
import type { DecisionSettings } from './config.ts';
import { gateOf } from './gate.ts';

/** Held against a move to a range: is there a reason, is the price honest, is the new range sound? */
export function checkMove(input: DecisionInput, settings: DecisionSettings, option: PricedOption): Gate[] {
  const { pool, position } = input.recommendation.market;
  const { edgeMarginTicks, bufferTicks, maxOverlapBps, sameRangeBps } = settings.move;
  const range = option.range ?? position;
  const inside = Math.min(pool.tick - position.tickLower, position.tickUpper - 1 - pool.tick);
  const overlapBps = overlapBpsRoundingDown(position, range);
  const overlap = `${(overlapBps / 100).toFixed(1)} %`;
  const left = edgeMarginTicks > 0 ? inside < edgeMarginTicks : -inside > bufferTicks;
  const away = edgeMarginTicks > 0 ? `less than ${edgeMarginTicks} ticks inside` : `more than ${bufferTicks} outside`;
  return [
    gateOf(
      'reason-to-move',
      left || overlapBps <= maxOverlapBps,
      `tick ${pool.tick} is ${inside < 0 ? `${-inside} outside` : `${inside} inside`} [${position.tickLower}, ${position.tickUpper}), ranges share ${overlap}`,
      `${away}, or ranges share <= ${maxOverlapBps / 100} %`,
    ),
    gateOf('range-differs', overlapBps < sameRangeBps, `ranges share ${overlap}`, `< ${sameRangeBps / 100} %`),
    checkPlace(pool, option.kind, range, settings),
    checkTwap(input, settings),
  ];
}

/** A limit order waits beside the price; anything else must hold it. */
function checkPlace(
  pool: { readonly tick: number; readonly tickSpacing: number },
  kind: PricedOption['kind'],
  range: TickRange,
  settings: DecisionSettings,
): Gate {
  const bounds = `[${range.tickLower}, ${range.tickUpper})`;
  if (kind !== 'rebalance-without-swap') {
    return gateOf('price-in-new-range', isInRange(pool.tick, range), `tick ${pool.tick}`, `in ${bounds}`);
  }
  const away = Math.max(range.tickLower - pool.tick, pool.tick - (range.tickUpper - 1), 0);
  const most = settings.move.priceGapTicks + 2 * pool.tickSpacing;
  return gateOf(
    'price-in-new-range',
    away <= most,
    away === 0 ? `tick ${pool.tick}` : `tick ${pool.tick}, ${away} ticks beside it as a limit order`,
    `in ${bounds}, or at most ${most} ticks beside it`,
  );
}

/** The price against its time-weighted mean. Live runs do not pass when the oracle cannot answer. */
export function checkTwap(input: DecisionInput, settings: DecisionSettings): Gate {
  const { pool } = input.recommendation.market;
  const { maxTwapDeviationTicks, minTwapWindowS, allowMissingTwap } = settings.guard;
  const wanted = `<= ${maxTwapDeviationTicks} ticks over >= ${minTwapWindowS} s`;
  if (pool.twapTick === null || pool.twapWindowS < minTwapWindowS) {
    const tolerated = input.recommendation.run.mode === 'paper' || allowMissingTwap;
    return gateOf('twap-deviation', tolerated, `no mean over ${minTwapWindowS} s (has ${pool.twapWindowS} s)`, wanted);
  }
  const deviation = Math.abs(pool.tick - pool.twapTick);
  return gateOf(
    'twap-deviation',
    deviation <= maxTwapDeviationTicks,
    `${deviation} ticks over ${pool.twapWindowS} s`,
    wanted,
  );
}

/** Ticks in both ranges per ticks in either, in 1/100 of a percent, rounded down. */
function overlapBpsRoundingDown(a: TickRange, b: TickRange): number {
  const both = Math.max(0, Math.min(a.tickUpper, b.tickUpper) - Math.max(a.tickLower, b.tickLower));
  const either = a.tickUpper - a.tickLower + (b.tickUpper - b.tickLower) - both;
  return Math.floor((both * 10_000) / Math.max(1, either));
}
