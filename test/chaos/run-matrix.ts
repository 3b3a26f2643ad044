import {
  type CaseResult,
  findPlaces,
  type MatrixCase,
  type MatrixWorld,
  openMatrixWorld,
  runCase,
} from './crash-matrix.ts';
import { runSideBySide } from './run-side-by-side.ts';

/**
 * Every boundary of every step, each with a kill and with a freeze: all of a rebalance, and of the other kinds what a rebalance has not.
 * Where a step depends on the price, somebody else pushes it out of all limits between the signature and the block.
 */
export async function runMatrix(options: {
  readonly worlds: number;
  /** Every so-many-th case only; 1 for all. */
  readonly every?: number;
  readonly onResult?: (result: CaseResult) => void;
}): Promise<CaseResult[]> {
  const worlds = await Promise.all(Array.from({ length: options.worlds }, () => openMatrixWorld()));
  try {
    const cases = (await casesOf(worlds[0] as MatrixWorld)).filter((_, index) => index % (options.every ?? 1) === 0);
    return await runSideBySide(cases, worlds.length, async (of, worker) => {
      const result = await runCase(worlds[worker] as MatrixWorld, of);
      // What went wrong in one case must not be found again in the next.
      if (result.violations.length > 0) {
        await worlds[worker]?.close();
        worlds[worker] = await openMatrixWorld();
      }
      options.onResult?.(result);
      return result;
    });
  } finally {
    await Promise.all(worlds.map((world) => world.close()));
  }
}

/** The places are found, not listed: a boundary that is new in the executor is in the matrix by itself. */
async function casesOf(matrix: MatrixWorld): Promise<MatrixCase[]> {
  const cases: MatrixCase[] = [];
  const seen = new Set<string>();
  for (const kind of ['rebalance', 'collect', 'exit', 'rebalance-without-swap'] as const) {
    for (const place of await findPlaces(matrix, kind)) {
      // An exit is a withdrawal without what follows it: only its end is another than that of a rebalance.
      const name = kind === 'exit' && !place.includes(':') ? `exit/${place}` : place;
      if (seen.has(name)) continue;
      seen.add(name);
      for (const how of ['kill', 'freeze'] as const) cases.push({ kind, place, how });
    }
  }
  for (const step of ['withdraw', 'swap', 'mint'])
    cases.push({ kind: 'rebalance', place: `${step}:stored`, how: 'push' });
  return cases;
}
