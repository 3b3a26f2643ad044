import { expect, test } from 'vitest';
import { stepGas, stepVolatility, type TriggerMemory } from './step-triggers.ts';

const volatility = { thresholdRatio: 2, cooldownS: 100 };
const gas = { thresholdWei: 20n, rearmPercent: 10, cooldownS: 100 };

function fired<Seen>(
  seen: readonly Seen[],
  step: (memory: TriggerMemory | null, one: Seen) => { fire: boolean; memory: TriggerMemory },
) {
  let memory: TriggerMemory | null = null;
  return seen.map((one) => {
    const next = step(memory, one);
    memory = next.memory;
    return next.fire;
  });
}

test('volatility fires at the threshold, once, and again only after calm and the cool-down', () => {
  const rows = [
    [1.9, 0, false],
    [2, 10, true],
    [3, 20, false],
    [1, 30, false],
    [2.5, 40, false],
    [2.5, 110, true],
    [2.5, 500, false],
  ] as const;
  const seen = rows.map(([ratio, nowS]) => ({ ratio, nowS }));
  expect(fired(seen, (memory, one) => stepVolatility(memory, one, volatility))).toEqual(rows.map((row) => row[2]));
});

test('volatility that cannot be measured changes nothing', () => {
  const memory = { armed: false, firedAtS: 7 };
  expect(stepVolatility(memory, { ratio: null, nowS: 9999 }, volatility)).toEqual({ fire: false, memory });
});

test('gas fires when it fell to the threshold, not when it was cheap all along', () => {
  const rows = [
    [10n, 0, false],
    [21n, 10, false],
    [20n, 20, false],
    [23n, 30, false],
    [20n, 40, true],
    [19n, 50, false],
    [30n, 60, false],
    [20n, 70, false],
    [20n, 140, true],
  ] as const;
  const seen = rows.map(([gasPriceWei, nowS]) => ({ gasPriceWei, nowS }));
  expect(fired(seen, (memory, one) => stepGas(memory, one, gas))).toEqual(rows.map((row) => row[2]));
});

test('gas that was high at the first look fires at the first fall', () => {
  const { memory } = stepGas(null, { gasPriceWei: 21n, nowS: 0 }, gas);
  expect(stepGas(memory, { gasPriceWei: 20n, nowS: 1 }, gas).fire).toBe(true);
});
