import type { Market } from './market.ts';
import { type Decided, type RunOptions, runStrategy } from './run-strategy.ts';
import type { Strategy } from './strategy.ts';

/** How many decisions were made again without a future, and the first that came out otherwise. */
export type LookAheadCheck = {
  readonly checked: number;
  readonly of: number;
  readonly differs: { readonly atS: number; readonly said: string; readonly without: string } | null;
};

/**
 * Makes decisions again from a past that ends with them: whatever a decision took from later is not there the second time,
 * so a decision that comes out otherwise looked ahead. `most` decisions are checked, spread evenly, the last among them.
 * `strategyOf` makes the strategy for the market it is to run in, so that one that carries data along gets the cut-off ones.
 */
export function checkLookAhead(
  market: Market,
  strategyOf: (market: Market) => Strategy,
  options: RunOptions,
  decided: readonly Decided[],
  most: number,
): LookAheadCheck {
  const chosen = spread(decided, most);
  for (const one of chosen) {
    const known = market.truncate(one.atS);
    const again = runStrategy(known, strategyOf(known), { ...options, endS: one.atS, points: 1 });
    const twin = again.decided.find(({ atS, trigger }) => atS === one.atS && trigger === one.trigger);
    const [said, without] = [describe(one), twin === undefined ? 'no decision at all' : describe(twin)];
    if (said !== without)
      return { checked: chosen.length, of: decided.length, differs: { atS: one.atS, said, without } };
  }
  return { checked: chosen.length, of: decided.length, differs: null };
}

/** Everything about a decision but what became of it, bit for bit. */
function describe({ execution: _execution, ...decision }: Decided): string {
  return JSON.stringify(decision, (_key, value) => (typeof value === 'bigint' ? value.toString() : value));
}

function spread(decided: readonly Decided[], most: number): readonly Decided[] {
  if (decided.length <= most) return decided;
  return Array.from({ length: most }, (_, index) => {
    const at = Math.round(((index + 1) * decided.length) / most) - 1;
    return decided[at];
  }).filter((one) => one !== undefined);
}
