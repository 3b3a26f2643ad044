import { parseData, planIdOf, rebalancePlanned } from '@rangeward/contracts';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { recommendedAt, sampleRecommendation } from '../test/sample-recommendation.ts';
import { decisionSettings } from './config.ts';
import type { PaidAction } from './expected-gas.ts';
import { makePlan, maxGasUsdE6RoundingUp, type PlanInput } from './make-plan.ts';

const settings = decisionSettings.parse({});
const input = (rest: Partial<PlanInput> = {}): PlanInput => ({
  option: { kind: 'rebalance', range: { tickLower: 1000, tickUpper: 2000 } },
  recommendation: sampleRecommendation(),
  chainId: 1,
  issuedAtMs: Date.parse(recommendedAt),
  maxGasUsdE6: 6_000_000,
  reservationId: 'run-0198c0de0000700080000000000000aa',
  ...rest,
});

describe('a plan', () => {
  it('is complete, fits the contract and its own id', () => {
    const plan = makePlan(input(), settings);
    expect(parseData(rebalancePlanned, z.encode(rebalancePlanned.schema, plan))).toEqual(plan);
    const { planId, ...rest } = plan;
    expect(planIdOf(rest)).toBe(planId);
    expect(plan).toMatchObject({ kind: 'rebalance', swap: 'allowed', target: { tickLower: 1000, tickUpper: 2000 } });
  });

  it('made twice is the same plan; made of anything else it is another', () => {
    expect(makePlan(input(), settings)).toEqual(makePlan(input(), settings));
    const ids = [{}, { chainId: 2 }, { maxGasUsdE6: 1 }, { option: { kind: 'collect' as const, range: null } }].map(
      (rest) => makePlan(input(rest), settings).planId,
    );
    expect(new Set(ids).size).toBe(4);
  });

  it.each(['collect', 'exit'] as const)('to %s has no target, whatever range was priced', (kind) => {
    const plan = makePlan(input({ option: { kind, range: { tickLower: 1000, tickUpper: 2000 } } }), settings);
    expect(plan).toMatchObject({ kind, target: null });
    expect(plan).not.toHaveProperty('swap');
  });

  it('to rebalance without a swap says so', () => {
    const option = { kind: 'rebalance-without-swap' as const, range: { tickLower: 1000, tickUpper: 2000 } };
    expect(makePlan(input({ option }), settings)).toMatchObject({
      kind: 'rebalance',
      swap: 'none',
      target: option.range,
    });
  });

  it('carries the gas that was expected of it, the data fee of the layer below included', () => {
    const recommendation = sampleRecommendation();
    recommendation.market.gas.l1FeeWei = 900n;
    recommendation.market.gas.l1FeesWei = { rebalanceWithoutSwap: 700n, collect: 100n, exit: 200n };
    const gasOf = (kind: PaidAction) => makePlan(input({ recommendation, option: { kind, range: null } }), settings);
    expect(gasOf('rebalance').expectedGas).toEqual({ units: settings.gas.rebalanceUnits, l1FeeWei: 900n });
    expect(gasOf('rebalance-without-swap').expectedGas?.l1FeeWei).toBe(700n);
    expect(gasOf('collect').expectedGas).toEqual({ units: settings.gas.collectUnits, l1FeeWei: 100n });
    expect(gasOf('exit').expectedGas?.l1FeeWei).toBe(200n);
  });

  it('is valid for its time, but never past the run’s deadline', () => {
    expect(makePlan(input(), settings).validUntil).toBe('2026-01-05T00:04:02.000Z');
    expect(makePlan(input(), { ...settings, plan: { ...settings.plan, ttlS: 3600 } }).validUntil).toBe(
      '2026-01-05T00:05:00.000Z',
    );
  });
});

it('reserves gas with room, rounded up', () => {
  expect(maxGasUsdE6RoundingUp(1_000_001, 15_000)).toBe(1_500_002);
});
