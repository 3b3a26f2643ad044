import { runBudgetRace } from './budget-race.ts';
import { findPlaces, openMatrixWorld, runCase } from './crash-matrix.ts';
import type { Violation } from './judge.ts';
import type { PlantedBug } from './planted-bugs.ts';
import { runSeed } from './seed-run.ts';

export type Hunt = { readonly bug: PlantedBug; readonly caughtBy: string | null; readonly violation: string };

const seedsAtMost = 25;

/** Looks for a planted bug where it is to be found, and then everywhere in the matrix. */
export async function huntBug(bug: PlantedBug): Promise<Hunt> {
  if ('budget' in bug.by) {
    const { violations } = await runBudgetRace({ processes: 16, operations: 200, bug: bug.name });
    return found(bug, 'budget', violations);
  }
  return 'faults' in bug.by ? huntBySeeds(bug, bug.by.faults) : huntByMatrix(bug, bug.by.matrix);
}

async function huntBySeeds(bug: PlantedBug, only: readonly string[]): Promise<Hunt> {
  for (let seed = 1; seed <= seedsAtMost; seed++) {
    const { violations } = await runSeed(seed, { bug: bug.name, only });
    if (violations.length > 0) return found(bug, `seed ${seed} with ${only.join(', ')} alone`, violations);
  }
  return { bug, caughtBy: null, violation: '' };
}

async function huntByMatrix(
  bug: PlantedBug,
  cases: readonly { place: string; how: 'kill' | 'freeze' | 'push' }[],
): Promise<Hunt> {
  const matrix = await openMatrixWorld({ bug: bug.name });
  try {
    if (cases.length === 0) {
      const violations = await findPlaces(matrix, 'rebalance').then(
        () => [],
        (error: Error) => [{ id: 'clean run', text: error.message }],
      );
      return found(bug, 'a plan without any fault', violations);
    }
    for (const { place, how } of cases) {
      const { violations } = await runCase(matrix, { kind: 'rebalance', place, how });
      if (violations.length > 0) return found(bug, `${how} at ${place}`, violations);
    }
    return { bug, caughtBy: null, violation: '' };
  } finally {
    await matrix.close();
  }
}

function found(bug: PlantedBug, where: string, violations: readonly Violation[]): Hunt {
  const said = [...new Set(violations.map(({ id, text }) => `${id} ${text}`))].join('; ');
  return { bug, caughtBy: violations.length > 0 ? where : null, violation: said };
}
