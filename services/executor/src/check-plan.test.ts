import type { WalletState } from '@rangeward/adapter-evm/wallet-state';
import { type Plan, planIdOf, Rejection } from '@rangeward/contracts';
import { describe, expect, test } from 'vitest';
import { samplePlan, sampleWallet } from '../test/sample-plan.ts';
import {
  assertWellFormed,
  checkPlan,
  gasUsdE6RoundingUp,
  gasWeiRoundingDown,
  type PlanCircumstances,
  tooLate,
} from './check-plan.ts';

const plan = samplePlan();
const chain: WalletState = {
  chainId: 31337,
  block: { number: 101, timestampS: 1_767_571_212n, baseFeeWei: 10n ** 9n },
  priorityFeeWei: 10n ** 8n,
  nonce: 4,
  pool: { sqrtPriceX96: plan.market.pool.sqrtPriceX96, tick: 196_250, liquidity: 10n ** 19n, twapTick: 196_240 },
  position: {
    owner: sampleWallet,
    token0: '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48',
    token1: '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2',
    feePips: 500,
    tickLower: 195_000,
    tickUpper: 196_000,
    liquidity: 10n ** 17n,
  },
};
const at: PlanCircumstances = {
  now: '2026-01-05T00:00:30.000Z',
  mode: 'live',
  wallet: sampleWallet,
  poolConfigured: true,
  breakerOpen: false,
  stop: null,
  liveTokenId: 7n,
  maxTwapDeviationTicks: 200,
  twapWindowS: 600,
  chain,
};
const position = chain.position!;

test('a plan that fits passes every gate', () => {
  const { checks, refusal } = checkPlan(plan, at);
  expect(refusal).toBeNull();
  expect(checks.every((check) => check.passed)).toBe(true);
  expect(new Set(checks.map((check) => check.name)).size).toBe(checks.length);
});

const failing: Record<string, PlanCircumstances> = {
  'chain-id': { ...at, chain: { ...chain, chainId: 1 } },
  'valid-until': { ...at, now: '2026-01-05T00:02:00.001Z' },
  mode: { ...at, mode: 'paper' },
  'pool-configured': { ...at, poolConfigured: false },
  'breaker-errors': { ...at, breakerOpen: true },
  trading: {
    ...at,
    stop: { state: 'paused', by: 'a person', reason: 'to look', through: 'command', at: '2026-01-05T00:00:00.000Z' },
  },
  'position-live': { ...at, liveTokenId: 8n },
  'position-owner': { ...at, chain: { ...chain, position: { ...position, owner: `0x${'11'.repeat(20)}` } } },
  'position-pool': { ...at, chain: { ...chain, position: { ...position, feePips: 3000 } } },
  'position-range': { ...at, chain: { ...chain, position: { ...position, tickLower: 194_990 } } },
  'position-liquidity': { ...at, chain: { ...chain, position: { ...position, liquidity: 10n ** 17n - 1n } } },
  'tick-deviation': { ...at, chain: { ...chain, pool: { ...chain.pool, tick: 196_311 } } },
  'twap-deviation': { ...at, chain: { ...chain, pool: { ...chain.pool, twapTick: 196_451 } } },
  'gas-cost': { ...at, chain: { ...chain, block: { ...chain.block, baseFeeWei: 10n ** 10n } } },
};

test.each(Object.keys(failing))('%s alone refuses, and says what and why', (name) => {
  const { checks, refusal } = checkPlan(plan, failing[name]!);
  expect(checks.filter((check) => !check.passed).map((check) => check.name)).toEqual([name]);
  expect(refusal).toContain(name);
});

test('a plan for another owner’s position is refused', () => {
  const { refusal } = checkPlan(plan, { ...at, wallet: `0x${'22'.repeat(20)}` });
  expect(refusal).toContain('plan-owner');
});

test('an NFT that is gone refuses, and so does an oracle that does not answer', () => {
  const gone = checkPlan(plan, { ...at, chain: { ...chain, position: null } });
  expect(gone.refusal).toContain('no such NFT');
  const mute = checkPlan(plan, { ...at, chain: { ...chain, pool: { ...chain.pool, twapTick: null } } });
  expect(mute.refusal).toContain('does not answer');
});

test('a registry that was lost knows no NFT and refuses none', () => {
  expect(checkPlan(plan, { ...at, liveTokenId: null }).refusal).toBeNull();
});

test('too late is known without the chain', () => {
  expect(tooLate(plan, Date.parse(plan.validUntil))).toBeNull();
  expect(tooLate(plan, Date.parse(plan.validUntil) + 1)?.refusal).toContain('valid-until');
  expect(tooLate(plan, Date.parse(plan.run.deadline) + 1)?.refusal).toContain('(and 1 more)');
});

test('the last moment of a plan counts, and so does the last tick', () => {
  const edge = { ...at, now: plan.validUntil, chain: { ...chain, pool: { ...chain.pool, tick: 196_310 } } };
  expect(checkPlan(plan, edge).refusal).toBeNull();
});

describe('what is no plan at all', () => {
  const rejected = (changed: Plan) => {
    try {
      assertWellFormed(changed);
      return null;
    } catch (error) {
      return error instanceof Rejection ? error.code : error;
    }
  };
  const rehashed = (change: Partial<Plan>): Plan => {
    const { planId: _, ...rest } = { ...plan, ...change };
    return { planId: planIdOf(rest), ...rest };
  };

  test('a sound one passes', () => {
    expect(rejected(plan)).toBeNull();
    expect(rejected(samplePlan({ target: null }))).toBeNull();
  });

  test('changed on its way', () => {
    expect(rejected({ ...plan, limits: { ...plan.limits, maxSlippageBps: 1000 } })).toBe('plan-id-mismatch');
  });

  test('a rebalance without a target, a range off the grid or upside down', () => {
    expect(rejected(rehashed({ target: null }))).toBe('bad-plan');
    expect(rejected(rehashed({ target: { tickLower: 195_755, tickUpper: 196_750 } }))).toBe('bad-plan');
    expect(rejected(rehashed({ target: { tickLower: 196_750, tickUpper: 195_750 } }))).toBe('bad-plan');
  });
});

test('the gas that decision expected counts, with the data fee of the layer below; a plan without it is not begun', () => {
  const costOf = (change: Partial<Plan>) =>
    checkPlan({ ...plan, ...change }, at).checks.find(({ name }) => name === 'gas-cost');
  const units = 1_000_000;
  // A million units at 1.1 gwei and 3,000 USD, and 0.001 coin of data.
  expect(costOf({ expectedGas: { units, l1FeeWei: 0n } })?.value).toBe('3300000 micro-dollars');
  expect(costOf({ expectedGas: { units, l1FeeWei: 10n ** 15n } })?.value).toBe('6300000 micro-dollars');
  expect(costOf({ expectedGas: { units, l1FeeWei: 10n ** 16n } })?.passed).toBe(false);
  const { expectedGas: _, ...silent } = plan;
  expect(checkPlan(silent, at).refusal).toMatch(/^gas-cost is the plan does not say its gas/);
});

test('gas in dollars rounds up, dollars in gas round down', () => {
  expect(gasUsdE6RoundingUp(1n, 3_000_000_000)).toBe(1);
  expect(gasUsdE6RoundingUp(10n ** 15n, 3_000_000_000)).toBe(3_000_000);
  expect(gasUsdE6RoundingUp(gasWeiRoundingDown(20_000_000, 3_000_000_000), 3_000_000_000)).toBeLessThanOrEqual(
    20_000_000,
  );
  expect(gasWeiRoundingDown(1, 0)).toBe(0n);
});
