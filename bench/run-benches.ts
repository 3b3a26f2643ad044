import type { Bench, Figure } from './figure.ts';
import { formatTable } from './format-table.ts';
import { formatMachine, type Machine } from './machine.ts';

export type Report = {
  readonly machine: Machine;
  readonly source: string;
  readonly figures: readonly Figure[];
  /** Benches that could not be measured, with the reason. */
  readonly failures: readonly { readonly bench: string; readonly reason: string }[];
};

/** Runs benches one after another, since two at once would measure each other. One that fails does not stop the rest. */
export async function runBenches(
  benches: readonly Bench[],
  say: (text: string) => void,
): Promise<Pick<Report, 'figures' | 'failures'>> {
  const figures: Figure[] = [];
  const failures: { bench: string; reason: string }[] = [];
  for (const bench of benches) {
    say(`${bench.name}: ${bench.about}`);
    try {
      figures.push(...(await bench.run({ say: (text) => say(`  ${text}`) })));
    } catch (error) {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      failures.push({ bench: bench.name, reason });
    }
  }
  return { figures, failures };
}

export function formatReport({ machine, source, figures, failures }: Report): string {
  const failed = failures.map(({ bench, reason }) => `${bench} failed: ${reason}`);
  return [formatMachine(machine), source, '', formatTable(figures), ...failed].join('\n');
}
