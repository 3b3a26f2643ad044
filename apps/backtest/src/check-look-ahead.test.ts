import { describe, expect, it } from 'vitest';
import { ownDefaults, sampleOptions } from '../test/sample-run.ts';
import { checkLookAhead } from './check-look-ahead.ts';
import type { Market } from './market.ts';
import { ownStrategy } from './own-strategy.ts';
import { runStrategy } from './run-strategy.ts';
import { createSimulatedMarket } from './simulated-market.ts';
import { holdStill, type Strategy } from './strategy.ts';

const market = createSimulatedMarket({ regime: 'normal', seed: 2, days: 0.5, warmUpS: 3600 });
const options = sampleOptions(market, 3600);

/** Decides by the price of an hour later: a backtest would love it. */
function clairvoyant(of: Market): Strategy {
  const plain = ownStrategy(ownDefaults());
  return {
    ...plain,
    decide(sight) {
      const later = of.open(sight.timeS);
      later.advance(sight.timeS + 3600, null);
      return { ...plain.decide(sight), ...holdStill(`it will be ${later.spot().tick}`) };
    },
  };
}

describe('the check for looking ahead', () => {
  it('finds nothing in the production strategy, at every decision', () => {
    const { decided } = runStrategy(market, ownStrategy(ownDefaults()), options);
    expect(decided.length).toBeGreaterThan(10);
    const check = checkLookAhead(market, () => ownStrategy(ownDefaults()), options, decided, decided.length);
    expect(check).toEqual({ checked: decided.length, of: decided.length, differs: null });
  });

  it('finds a strategy that was given the future', () => {
    const { decided } = runStrategy(market, clairvoyant(market), options);
    const check = checkLookAhead(market, clairvoyant, options, decided, 3);
    expect(check.checked).toBe(3);
    expect(check.differs).not.toBeNull();
    expect(check.differs?.said).not.toBe(check.differs?.without);
  });
});
