import { expect, it } from 'vitest';
import { baseFees } from './base-fees.ts';

function take(seed: number, count: number): number[] {
  const fees = baseFees(seed);
  return Array.from({ length: count }, () => Number(fees.next().value));
}

it('the base fee of a seed is the same every time, and another for another', () => {
  expect(take(1, 100)).toEqual(take(1, 100));
  expect(take(1, 100)).not.toEqual(take(2, 100));
});

it('the base fee stays around a gwei and is cheap now and then', () => {
  const fees = [1, 2, 3].flatMap((seed) => take(seed, 5_000));
  const sorted = [...fees].sort((a, b) => a - b);
  const quantile = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  expect(quantile(0.5)).toBeGreaterThan(0.7e9);
  expect(quantile(0.5)).toBeLessThan(1.4e9);
  expect(quantile(0.05)).toBeLessThan(0.6e9);
  expect(quantile(0.001)).toBeGreaterThan(0.1e9);
  expect(quantile(0.999)).toBeLessThan(10e9);
});
