import { expect, test } from 'vitest';
import { type NodeBreaker, stepNodeBreaker } from './step-node-breaker.ts';

function walk(probes: string): string {
  const states: string[] = [];
  let at: NodeBreaker = { state: 'closed', failures: 0 };
  for (const probe of probes) {
    at = stepNodeBreaker(at, probe === '+', 3);
    states.push(at.state);
  }
  return states.join(' ');
}

test.each([
  ['--', 'closed closed'],
  ['--+--', 'closed closed closed closed closed'],
  ['---', 'closed closed open'],
  ['---+', 'closed closed open half-open'],
  ['---+-', 'closed closed open half-open open'],
  ['---++', 'closed closed open half-open closed'],
  ['---+++--', 'closed closed open half-open closed closed closed closed'],
])('%s', (probes, states) => {
  expect(walk(probes)).toBe(states);
});
