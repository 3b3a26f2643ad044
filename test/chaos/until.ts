import { setTimeout as pause } from 'node:timers/promises';

/** Asks again and again until the answer is yes; false when the time is over. What is thrown is a no: servers are killed here. */
export async function until(ask: () => Promise<boolean>, withinMs: number, everyMs = 25): Promise<boolean> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    if (await ask().catch(() => false)) return true;
    if (performance.now() > endMs) return false;
    await pause(everyMs);
  }
}
