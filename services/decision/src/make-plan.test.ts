import { parseData, planIdOf, rebalancePlanned } from '@rangeward/contracts';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { recommendedAt, sampleRecommendation } from '../test/sample-recommendation.ts';
import { decisionSettings } from './config.ts';
import { makePlan, maxGasUsdE6RoundingUp, type PlanInput } from './make-plan.ts';

const settings = decisionSettings.parse({}).plan;
const input = (rest: Partial<PlanInput> = {}): PlanInput => ({
  kind: 'rebalance',
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
    const { range } = sampleRecommendation();
    expect(plan.target).toEqual({ tickLower: range.tickLower, tickUpper: range.tickUpper });
  });

  it('made twice is the same plan; made of anything else it is another', () => {
    expect(makePlan(input(), settings)).toEqual(makePlan(input(), settings));
    const ids = [{}, { chainId: 2 }, { maxGasUsdE6: 1 }, { kind: 'collect' as const }].map(
      (rest) => makePlan(input(rest), settings).planId,
    );
    expect(new Set(ids).size).toBe(4);
  });

  it('to collect has no target', () => {
    expect(makePlan(input({ kind: 'collect' }), settings).target).toBeNull();
  });

  it('is valid for its time, but never past the run’s deadline', () => {
    expect(makePlan(input(), settings).validUntil).toBe('2026-01-05T00:04:02.000Z');
    expect(makePlan(input(), { ...settings, ttlS: 3600 }).validUntil).toBe('2026-01-05T00:05:00.000Z');
  });
});

it('reserves gas with room, rounded up', () => {
  expect(maxGasUsdE6RoundingUp(1_000_001, 15_000)).toBe(1_500_002);
});
