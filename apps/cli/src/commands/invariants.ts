import { chainReader } from '@rangeward/adapter-evm/client';
import { auditInvariants } from '@rangeward/invariants/audit-invariants';
import { type GlobalFlags, withNats, withRedis } from '../operator.ts';
import { exitCodes, printJson } from '../output.ts';
import type { Screen } from '../story/print-story.ts';
import { showControls } from '../story/show-controls.ts';

const HOUR_MS = 3_600_000;

/** Holds what was done lately against what must never be. Returns the exit code: 1 when something was. */
export async function invariants(
  flags: GlobalFlags & { readonly hours: number; readonly json: boolean },
  screen: Screen,
): Promise<number> {
  const report = await withNats(flags, (broker, config) =>
    withRedis(flags, (redis) => {
      const chains = new Map(
        Object.entries(config.chains).map(([name, settings]) => [name, chainReader({ name, settings })]),
      );
      const nowMs = Date.now();
      return auditInvariants({ broker, redis, chains }, { nowMs, sinceMs: nowMs - flags.hours * HOUR_MS });
    }),
  );
  if (flags.json) printJson(screen, report);
  else {
    screen.write(`${report.plans} live plans since ${report.since}\n`);
    for (const { id, title, violations } of report.verdicts) {
      screen.write(`  ${violations.length === 0 ? '✓' : '✗'} ${id}  ${title}\n`);
      for (const violation of violations) screen.write(`        ${showControls(violation)}\n`);
    }
  }
  return report.violations === 0 ? exitCodes.ok : exitCodes.failed;
}
