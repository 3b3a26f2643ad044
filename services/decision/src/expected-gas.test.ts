import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decisionSettings } from './config.ts';
import { gasCostUsdE6RoundingUp, l1FeeWeiOf } from './expected-gas.ts';

const settings = decisionSettings.parse({}).gas;

describe('the cost of gas', () => {
  it('is units times price, with its margin, and the fee of the layer below', () => {
    const market = {
      gas: { baseFeeWei: 10n ** 9n, priorityFeeWei: 10n ** 9n, l1FeeWei: 10n ** 15n },
      nativePriceUsdE6: 3_000_000_000,
    };
    // 500,000 * 2 gwei + 0.001 coin = 0.002 coin = 6 USD, and a quarter more.
    const gas = { ...settings, rebalanceUnits: 500_000, marginBps: 2500 };
    expect(gasCostUsdE6RoundingUp(market, 'rebalance', gas)).toBe(7_500_000);
  });

  it('is rounded up: one wei costs one micro-dollar', () => {
    const market = { gas: { baseFeeWei: 1n, priorityFeeWei: 0n, l1FeeWei: 0n }, nativePriceUsdE6: 1 };
    expect(gasCostUsdE6RoundingUp(market, 'collect', { ...settings, collectUnits: 1, marginBps: 0 })).toBe(1);
  });

  it('never falls short of the exact cost', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000_000 }),
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        fc.integer({ min: 1, max: 10 ** 11 }),
        fc.integer({ min: 0, max: 50_000 }),
        (exitUnits, baseFeeWei, nativePriceUsdE6, marginBps) => {
          const market = { gas: { baseFeeWei, priorityFeeWei: 7n, l1FeeWei: 11n }, nativePriceUsdE6 };
          const exact =
            (BigInt(exitUnits) * (baseFeeWei + 7n) + 11n) * BigInt(10_000 + marginBps) * BigInt(nativePriceUsdE6);
          const cost = gasCostUsdE6RoundingUp(market, 'exit', { ...settings, exitUnits, marginBps });
          const found = BigInt(cost) * 10_000n * 10n ** 18n;
          expect(found).toBeGreaterThanOrEqual(exact);
          expect(found - exact).toBeLessThan(10_000n * 10n ** 18n);
        },
      ),
    );
  });

  it('has each action’s own data fee, and the rebalance’s where only that was read', () => {
    const gas = { baseFeeWei: 1n, priorityFeeWei: 1n, l1FeeWei: 9n };
    const all = { ...gas, l1FeesWei: { rebalanceWithoutSwap: 7n, collect: 1n, exit: 2n } };
    const actions = ['rebalance', 'rebalance-without-swap', 'collect', 'exit'] as const;
    expect(actions.map((action) => l1FeeWeiOf(action, all))).toEqual([9n, 7n, 1n, 2n]);
    expect(actions.map((action) => l1FeeWeiOf(action, gas))).toEqual([9n, 9n, 9n, 9n]);
  });
});
