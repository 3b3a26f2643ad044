import { setTimeout as pause } from 'node:timers/promises';
import type { ChaosFacts } from './chaos-facts.ts';
import { judge, type Violation } from './judge.ts';

/** Looks again until nothing is wrong, for so long: what a reorganisation took away from a plan that is over comes back by itself. */
export async function judgeWithin(
  ms: number,
  read: () => Promise<ChaosFacts>,
  /** Ids of what is not asked here. */
  aside: readonly string[] = [],
): Promise<{ readonly facts: ChaosFacts; readonly violations: Violation[] }> {
  const endMs = performance.now() + ms;
  for (;;) {
    const facts = await read();
    const violations = judge(facts).filter(({ id }) => !aside.includes(id));
    if (violations.length === 0 || performance.now() > endMs) return { facts, violations };
    await pause(500);
  }
}
