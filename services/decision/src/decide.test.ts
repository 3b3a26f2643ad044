import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recommendedAt, type Sample, sampleRecommendation } from '../test/sample-recommendation.ts';
import { decisionSettings } from './config.ts';
import { type DecisionInput, decide, holdFor } from './decide.ts';

const settings = decisionSettings.parse({});

function inputOf(sample: Partial<Sample> = {}, rest: Partial<DecisionInput> = {}): DecisionInput {
  return {
    recommendation: sampleRecommendation(sample),
    recommendedAtMs: Date.parse(recommendedAt),
    chainClockIsReal: true,
    configuredMode: 'live',
    breaker: 'closed',
    ...rest,
  };
}
const decided = (sample: Partial<Sample> = {}, rest: Partial<DecisionInput> = {}) =>
  decide(inputOf(sample, rest), settings);
const failing = (sample: Partial<Sample> = {}, rest: Partial<DecisionInput> = {}) =>
  decided(sample, rest)
    .gates.filter((gate) => !gate.passed)
    .map((gate) => gate.name);

const calm: Partial<Sample> = { position: [-200, 200], feesUsd: 0.1 };

describe.each([0, 1] as const)('with the dollar as token%i', (stable) => {
  it('rebalances a position that the price has left, when it pays', () => {
    const decision = decided({ stable });
    expect(failing({ stable })).toEqual(['fees-worth-gas']);
    expect(decision.kind).toBe('rebalance');
    expect(decision.reason).toMatch(
      /^Rebalance: tick -?\d+, from .* costs \d+\.\d\d USD, earns \d+\.\d\d USD a day more\.$/,
    );
  });

  it('holds a position that is where it should be', () => {
    const decision = decided({ stable, ...calm });
    expect(decision.kind).toBe('hold');
    expect(decision.reason).toMatch(/^Hold: reason-to-move is tick/);
  });

  it('collects when the fees are worth their gas and there is no reason to move', () => {
    const decision = decided({ stable, ...calm, feesUsd: 100 });
    expect(decision.kind).toBe('collect');
    expect(decision.reason).toMatch(/^Collect: fees of 100\.00 USD are worth their gas of \d/);
    expect(decision.expectedGasUsdE6).toBeLessThan(decided({ stable, ...calm }).expectedGasUsdE6);
  });
});

describe('each gate refuses what it is there for', () => {
  it.each<[string, Partial<Sample>, Partial<DecisionInput>]>([
    ['trading-mode', {}, { configuredMode: 'paper' }],
    ['breaker', {}, { breaker: 'open' }],
    ['breaker', {}, { breaker: 'half-open' }],
    ['time-left', {}, { recommendedAtMs: Date.parse('2026-01-05T00:04:45.000Z') }],
    ['price-age', {}, { recommendedAtMs: Date.parse('2026-01-05T00:04:29.999Z') + 30_001 }],
    ['liquidity', { liquidity: 0n }, {}],
    ['reason-to-move', calm, {}],
    ['range-differs', { position: [-200, 210] }, {}],
    ['price-in-new-range', { range: [10, 400] }, {}],
    ['twap-deviation', { twapOffset: 101 }, {}],
    ['twap-deviation', { twapOffset: null }, {}],
    ['position-value', { liquidity: 10n ** 12n }, {}],
    ['cost-share', { baseFeeGwei: 300 }, {}],
    ['break-even', { volumePerDayUsd: 1_000 }, {}],
    ['break-even', { volumePerDayUsd: null }, {}],
    ['yearly-gain', { volumePerDayUsd: 1_000 }, {}],
    ['yield-improvement', { volumePerDayUsd: 1_000 }, {}],
  ])('%s %o', (name, sample, rest) => {
    expect(failing(sample, rest)).toContain(name);
    expect(decided({ feesUsd: 0, ...sample }, rest).kind).toBe('hold');
  });

  it('says value and threshold of every gate, passed or not', () => {
    for (const gate of decided().gates) {
      expect(gate.value).not.toBe('');
      expect(gate.threshold).not.toBe('');
    }
    const names = decided().gates.map((gate) => gate.name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('what only guards money does not stop a paper run', () => {
  it.each<[Partial<Sample>, Partial<DecisionInput>]>([
    [{}, { breaker: 'open', configuredMode: 'paper' }],
    [{ twapOffset: null }, {}],
  ])('%o %o', (sample, rest) => {
    expect(decided({ mode: 'paper', ...sample }, rest).kind).toBe('rebalance');
  });
});

it('does not measure the age of a block whose chain has its own clock', () => {
  const late = { recommendedAtMs: Date.parse('2026-01-05T00:04:00.000Z') };
  const input = inputOf({}, late);
  input.recommendation.market.block.time = '2026-03-05T00:00:00.000Z';
  expect(decide(input, settings).kind).not.toBe('rebalance');
  expect(decide({ ...input, chainClockIsReal: false }, settings).kind).toBe('rebalance');
});

it('moves before the price is out when the margin says so', () => {
  const near: Partial<Sample> = { position: [-400, 20], range: [-400, 60] };
  expect(failing(near)).toContain('reason-to-move');
  const eager = decisionSettings.parse({ move: { edgeMarginTicks: 50 } });
  expect(decide(inputOf(near), eager).gates.find((gate) => gate.name === 'reason-to-move')?.passed).toBe(true);
});

it('moves when in range but the recommended range is another one', () => {
  const reason = decided({ position: [-3000, 3000] }).gates.find((gate) => gate.name === 'reason-to-move');
  expect(reason?.passed).toBe(true);
});

it('becomes a hold with the gate that refused, when the budget does', () => {
  const refused = { name: 'gas-budget', passed: false, value: '60 USD', threshold: '<= 50 USD' };
  const held = holdFor(decided(), refused);
  expect(held).toMatchObject({
    kind: 'hold',
    reason: 'Hold instead of rebalance: gas-budget is 60 USD, wanted <= 50 USD.',
  });
  expect(held.gates.at(-1)).toBe(refused);
});

const anySample = fc.record({
  stable: fc.constantFrom<0 | 1>(0, 1),
  priceUsd: fc.double({ min: 50, max: 50_000, noNaN: true }),
  mode: fc.constantFrom<'paper' | 'live'>('paper', 'live'),
  position: fc
    .tuple(fc.integer({ min: -300, max: 20 }), fc.integer({ min: 21, max: 300 }))
    .map(([a, b]) => [a * 10, b * 10] as const),
  range: fc
    .tuple(fc.integer({ min: -300, max: -1 }), fc.integer({ min: 1, max: 300 }))
    .map(([a, b]) => [a * 10, b * 10] as const),
  liquidity: fc.bigInt({ min: 0n, max: 10n ** 22n }),
  poolLiquidity: fc.bigInt({ min: 0n, max: 10n ** 24n }),
  volumePerDayUsd: fc.option(fc.integer({ min: 0, max: 1_000_000_000 })),
  feesUsd: fc.integer({ min: 0, max: 10_000 }),
  baseFeeGwei: fc.double({ min: 0, max: 2000, noNaN: true }),
  twapOffset: fc.option(fc.integer({ min: -300, max: 300 })),
});
const anyRest = fc.record({
  chainClockIsReal: fc.boolean(),
  configuredMode: fc.constantFrom<'paper' | 'live'>('paper', 'live'),
  breaker: fc.constantFrom<DecisionInput['breaker']>('closed', 'half-open', 'open'),
});

it('never acts past a failed gate, and decides the same twice, whatever comes', () => {
  fc.assert(
    fc.property(anySample, anyRest, (sample, rest) => {
      const decision = decided(sample, rest);
      const failed = decision.gates.filter((gate) => !gate.passed).map((gate) => gate.name);
      if (decision.kind === 'rebalance') expect(failed.filter((name) => name !== 'fees-worth-gas')).toEqual([]);
      if (decision.kind === 'collect') expect(failed).not.toContain('fees-worth-gas');
      if (decision.kind !== 'hold') {
        expect(failed).not.toContain('liquidity');
        if (sample.mode === 'live') expect(rest).toMatchObject({ breaker: 'closed', configuredMode: 'live' });
      }
      expect(JSON.stringify(decision)).not.toMatch(/NaN|Infinity/);
      expect(decided(sample, rest)).toEqual(decision);
    }),
    { numRuns: 500 },
  );
});
