import type { Gate } from '@rangeward/contracts';

export function gateOf(name: string, passed: boolean, value: string, threshold: string): Gate {
  return { name, passed, value, threshold };
}

/** Dollars with cents, rounded to nearest; for people, never for comparing. */
export function dollars(usdE6: number): string {
  return `${(usdE6 / 1e6).toFixed(2)} USD`;
}
