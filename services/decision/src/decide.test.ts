import { decisionMade } from '@rangeward/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recommendedAt, type Sample, sampleRecommendation } from '../test/sample-recommendation.ts';
import { checkMove } from './check-move.ts';
import { decisionSettings } from './config.ts';
import { type DecisionInput, decide, holdFor } from './decide.ts';

const settings = decisionSettings.parse({});
/** The gates that are about collecting alone. */
const ofCollecting = ['collect-wanted', 'fees-worth-gas'];
/** Who wants fees in the wallet. */
const collecting = decisionSettings.parse({ value: { collect: true } });

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
    expect(failing({ stable })).toEqual(ofCollecting);
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

  it('collects where that is wanted, the fees are worth their gas and there is no reason to move', () => {
    expect(decided({ stable, ...calm, feesUsd: 100 }).kind).toBe('hold');
    const decision = decide(inputOf({ stable, ...calm, feesUsd: 100 }), collecting);
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
    ['feed-complete', { feedComplete: false }, {}],
    ['liquidity', { liquidity: 0n }, {}],
    ['owner', {}, { wallet: `0x${'02'.repeat(20)}` }],
    ['owner', {}, { wallet: null }],
    ['reason-to-move', calm, {}],
    ['reason-to-move', { position: [-1000, 0], range: [-700, 100] }, {}],
    ['range-differs', { position: [-200, 210] }, {}],
    ['twap-deviation', { twapOffset: 101 }, {}],
    ['twap-deviation', { twapOffset: null }, {}],
    ['position-value', { liquidity: 10n ** 12n }, {}],
    ['cost-share', { baseFeeGwei: 300 }, {}],
    ['break-even', { volumePerDayUsd: 1_000 }, {}],
    ['break-even', { volumePerDayUsd: null }, {}],
    ['net-gain', { volatilityAnnual: 2 }, {}],
    ['net-gain', { volumePerDayUsd: null }, {}],
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
    [{ feedComplete: false }, {}],
    [{ twapOffset: null }, {}],
    [{}, { wallet: null }],
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

describe('a price that is out is moved to where it pays most', () => {
  it('with a swap where that earns more than it costs', () => {
    const decision = decided();
    expect(decision.option).toMatchObject({ kind: 'rebalance', chosen: true, range: sampleRange() });
    expect(decision.options.map(({ kind, chosen }) => [kind, chosen])).toEqual([
      ['hold', false],
      ['collect', false],
      ['rebalance', true],
      ['rebalance', false],
      ['rebalance', false],
      ['rebalance', false],
      ['rebalance-without-swap', false],
      ['exit', false],
    ]);
  });

  it('without one where the swap would eat it, and says so', () => {
    const decision = decided({ volatilityAnnual: 0.56 });
    expect(decision).toMatchObject({ kind: 'rebalance', option: { kind: 'rebalance-without-swap', swapUsdE6: 0 } });
    expect(decision.reason).toMatch(/^Rebalance without a swap: tick/);
    expect(failing({ volatilityAnnual: 0.56 })).toEqual(ofCollecting);
  });

  it('the view’s other ranges are priced beside it, and moved to only where that is configured', () => {
    const input = inputOf();
    const wide = { ...sampleRecommendation({ range: [-90, 90] }).range, kind: 'coverage' as const };
    const held = { ...wide, kind: 'held' as const };
    const recommendation = { ...input.recommendation, alternatives: [wide, held] };
    const rangeOf = (alternatives: boolean) => {
      const { option, options } = decide(
        { ...input, recommendation },
        decisionSettings.parse({ move: { alternatives } }),
      );
      expect(options.filter(({ kind }) => kind === 'rebalance')).toHaveLength(2 + 3);
      expect(options.filter(({ chosen }) => chosen)).toEqual([option]);
      return option.range;
    };
    expect(rangeOf(false)).toEqual(sampleRange());
    expect(rangeOf(true)).toEqual({ tickLower: wide.tickLower, tickUpper: wide.tickUpper });
  });

  it('not at all where fees do not pay for what the market takes', () => {
    const decision = decided({ volatilityAnnual: 1.5 });
    expect(decision.kind).toBe('hold');
    expect(decision.reason).toMatch(/LVR taken off/);
  });

  it('never to a range that the price is not in, unless it waits beside it', () => {
    const input = inputOf({ range: [10, 400] });
    const gateFor = (kind: 'rebalance' | 'rebalance-without-swap', offset: number) => {
      const { tick } = input.recommendation.market.pool;
      const range = { tickLower: tick + offset, tickUpper: tick + 400 };
      const gates = checkMove(input, settings, { ...decide(input, settings).option, kind, range });
      return gates.find(({ name }) => name === 'price-in-new-range')?.passed;
    };
    expect(gateFor('rebalance', 4)).toBe(false);
    expect(gateFor('rebalance-without-swap', 4)).toBe(true);
    expect(gateFor('rebalance-without-swap', 31)).toBe(false);
    expect(gateFor('rebalance', -4)).toBe(true);
  });
});

const sampleRange = () => {
  const { tickLower, tickUpper } = sampleRecommendation().range;
  return { tickLower, tickUpper };
};

describe('a model’s opinion', () => {
  /** What the model saw moves the range; without it the range is where the position lies. */
  function swayed(sample: Partial<Sample>, without: readonly [number, number]): DecisionInput {
    const input = inputOf(sample);
    const { rangeWithoutOpinion } = { rangeWithoutOpinion: sampleRecommendation({ ...sample, range: without }).range };
    const opinionEffect = { shiftSigmas: 0.25, widthFactor: 1.5 };
    return { ...input, recommendation: { ...input.recommendation, rangeWithoutOpinion, opinionEffect } };
  }
  const gateNamed = (input: DecisionInput) => decide(input, settings).gates.find(({ name }) => name === 'opinion');

  it('alone never turns a hold into a move', () => {
    const inRange: Partial<Sample> = { position: [-300, 300], range: [-80, 80], liquidity: 10n ** 17n };
    expect(decided(inRange).kind).toBe('rebalance');
    const input = swayed(inRange, [-300, 300]);
    expect(decide(input, settings).kind).toBe('hold');
    expect(gateNamed(input)).toMatchObject({ passed: false });
    expect(decide(input, settings).reason).toMatch(/^Hold: opinion is without the model’s opinion: hold: /);
  });

  it('moves to its own range where the move would be made without it', () => {
    const decision = decide(swayed({}, [-250, 250]), settings);
    expect(decision).toMatchObject({ kind: 'rebalance', option: { range: sampleRange() } });
    expect(gateNamed(swayed({}, [-250, 250]))).toMatchObject({ passed: true });
  });

  it('may keep a position where it is, and does not stop fees from being collected', () => {
    const input = swayed({ ...calm, feesUsd: 100 }, [-800, -300]);
    expect(decide(input, collecting).kind).toBe('collect');
  });

  it('that changed nothing is no gate', () => {
    expect(gateNamed(inputOf())).toBeUndefined();
  });

  it('whatever it is, leaves a hold a hold', () => {
    fc.assert(
      fc.property(
        anySample,
        fc.tuple(fc.integer({ min: -60, max: -1 }), fc.integer({ min: 1, max: 60 })),
        fc.double({ min: -0.25, max: 0.25, noNaN: true }),
        fc.double({ min: 0.8, max: 1.5, noNaN: true }),
        (sample, [low, high], shiftSigmas, widthFactor) => {
          const plain = inputOf(sample);
          if (decide(plain, settings).kind === 'rebalance') return;
          // The posterior that the opinion made of the one without it, as signal makes it.
          const { posterior, range } = plain.recommendation;
          const moved = {
            ...posterior,
            centerLog: posterior.centerLog + shiftSigmas * posterior.sigmaLog,
            sigmaLog: posterior.sigmaLog * widthFactor,
          };
          const recommendation = {
            ...plain.recommendation,
            posterior: moved,
            range: sampleRecommendation({ ...sample, range: [low * 10, high * 10] }).range,
            rangeWithoutOpinion: range,
            opinionEffect: { shiftSigmas, widthFactor },
          };
          expect(decide({ ...plain, recommendation }, settings).kind).not.toBe('rebalance');
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('leaving the pool', () => {
  const losing: Partial<Sample> = {
    position: [-200, 200],
    volatilityAnnual: 2,
    volumePerDayUsd: 50_000_000,
    feesUsd: 0,
  };
  const leaving = decisionSettings.parse({ exit: { enabled: true } });
  const exitOf = (sample: Partial<Sample>, rest: Partial<DecisionInput> = {}) => decide(inputOf(sample, rest), leaving);

  it('is for who asked for it, when every other option loses', () => {
    expect(decided(losing).kind).toBe('hold');
    const decision = exitOf(losing);
    expect(decision).toMatchObject({ kind: 'exit', option: { kind: 'exit', liquidity: 0n, range: null } });
    expect(decision.reason).toMatch(/^Exit: holding nets -\d+\.\d\d USD and no other option gains; leaving costs/);
    expect(decision.expectedGasUsdE6).toBe(decision.option.gasUsdE6);
  });

  it.each<[string, Partial<Sample>, Partial<DecisionInput>]>([
    ['a calm market', { volatilityAnnual: 0.5 }, {}],
    ['fees that pay for it', { volumePerDayUsd: 10_000_000_000 }, {}],
    ['a price that has gone already and costs nothing more', { position: [-9000, -8000], range: [-3000, 3000] }, {}],
    ['a price that is not honest', { twapOffset: 101 }, {}],
    ['fees that are not known', { volumePerDayUsd: null }, {}],
    ['an open breaker', {}, { breaker: 'open' }],
  ])('but not with %s', (_, sample, rest) => {
    expect(exitOf({ ...losing, ...sample }, rest).kind).not.toBe('exit');
  });
});

/** As they go on the wire, where a large integer is a string. */
const encodedOptions = ({ options }: ReturnType<typeof decide>) =>
  options.map((option) => ({ ...option, liquidity: `${option.liquidity}` }));

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
  volatilityAnnual: fc.double({ min: 0, max: 5, noNaN: true }),
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
      if (decision.kind === 'rebalance') expect(failed.filter((name) => !ofCollecting.includes(name))).toEqual([]);
      if (decision.kind === 'collect') expect(failed).not.toContain('fees-worth-gas');
      if (decision.kind !== 'hold') {
        expect(failed).not.toContain('liquidity');
        if (sample.mode === 'live') expect(rest).toMatchObject({ breaker: 'closed', configuredMode: 'live' });
      }
      expect(JSON.stringify(decision, (_, value) => (typeof value === 'bigint' ? `${value}` : value))).not.toMatch(
        /NaN|Infinity/,
      );
      const parsed = decisionMade.schema.shape.options.safeParse(encodedOptions(decision));
      expect(parsed.error).toBeUndefined();
      expect(decision.options.filter(({ chosen }) => chosen).map(({ kind }) => kind)).toEqual([decision.option.kind]);
      expect(decided(sample, rest)).toEqual(decision);
    }),
    { numRuns: 500 },
  );
});
