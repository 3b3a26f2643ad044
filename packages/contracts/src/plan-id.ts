import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Plan, rebalancePlanned } from './events/decisions.ts';

/**
 * The id of a plan is the sha256 of all the rest of it in canonical form (wire form, keys sorted, no spaces), so a
 * plan that was changed on its way no longer fits its id.
 */
export function planIdOf(plan: Omit<Plan, 'planId'>): string {
  const wire = z.encode(rebalancePlanned.schema, { ...plan, planId: '0'.repeat(64) });
  const { planId: _replaced, ...body } = wire;
  return createHash('sha256').update(canonicalJson(body)).digest('hex');
}

export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
    return `{${entries.join(',')}}`;
  }
  return JSON.stringify(value);
}
