import type { Run, RunResult } from '@rangeward/contracts';

export type PauseSettings = {
  /** Failed live runs of a position in a row. */
  readonly failuresInARow: number;
  /** Fall of a position's value within a day, percent. */
  readonly drawdownPercent: number;
};

/** What is known after a live run. Values in micro-dollars. */
type Sight = {
  readonly failures: number;
  readonly valueUsdE6: number | null;
  /** The highest of the day, or since a person resumed. */
  readonly highestUsdE6: number | null;
};

export type PauseCause = { readonly through: 'failures' | 'drawdown'; readonly reason: string };

/** Why live trading must pause until a person has looked, or null. */
export function pauseDue(
  run: Pick<Run, 'chain' | 'position'>,
  sight: Sight,
  settings: PauseSettings,
): PauseCause | null {
  const place = `${run.chain}/${run.position}`;
  if (sight.failures >= settings.failuresInARow) {
    return { through: 'failures', reason: `${place}: ${sight.failures} runs failed in a row` };
  }
  const { valueUsdE6, highestUsdE6 } = sight;
  if (valueUsdE6 === null || highestUsdE6 === null || highestUsdE6 <= 0) return null;
  const fallenPercent = ((highestUsdE6 - valueUsdE6) / highestUsdE6) * 100;
  if (fallenPercent <= settings.drawdownPercent) return null;
  const usd = (amount: number) => (amount / 1e6).toFixed(2);
  return {
    through: 'drawdown',
    reason: `${place} fell by ${fallenPercent.toFixed(1)} % within a day, from ${usd(highestUsdE6)} to ${usd(valueUsdE6)} USD`,
  };
}

/** What the position was worth with what lies idle of it, micro-dollars; null where the run did not see it. */
export function worthOf(result: RunResult): number | null {
  const { positionValueBeforeUsdE6, idleUsdE6 } = result;
  return positionValueBeforeUsdE6 === null ? null : positionValueBeforeUsdE6 + (idleUsdE6 ?? 0);
}
