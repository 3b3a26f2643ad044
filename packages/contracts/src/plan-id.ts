import { hash } from 'node:crypto';
import { toWire } from './compile-schema.ts';
import { type Plan, rebalancePlanned } from './events/decisions.ts';

const UNKNOWN_ID = '0'.repeat(64);

/**
 * The id of a plan is the sha256 of all the rest of it in canonical form (wire form, keys sorted, no spaces), so a
 * plan that was changed on its way no longer fits its id.
 */
export function planIdOf(plan: Omit<Plan, 'planId'>): string {
  const wire = toWire(rebalancePlanned.schema, { ...plan, planId: UNKNOWN_ID });
  return hash('sha256', canonicalJson({ ...wire, planId: undefined }));
}

export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    // Only ever asked for the fields it was asked about.
    const fields = value as Record<string, unknown>;
    let text = '';
    for (const key of Object.keys(fields).sort()) {
      if (fields[key] === undefined) continue;
      text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(fields[key])}`;
    }
    return `{${text}}`;
  }
  return JSON.stringify(value);
}
