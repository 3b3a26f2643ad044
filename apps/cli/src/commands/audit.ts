import { readAudit } from '@rangeward/adapter-nats/audit-trail';
import { type AuditEntry, verifyAuditChain } from '@rangeward/contracts';
import { type GlobalFlags, withNats } from '../operator.ts';
import { exitCodes, printFacts, printJson } from '../output.ts';
import { integer } from '../story/format-amounts.ts';
import type { Screen } from '../story/print-story.ts';
import { showControls } from '../story/show-controls.ts';

/** The newest entries of the audit trail, oldest of them first. */
export async function listAudit(flags: GlobalFlags & { limit: number; json: boolean }, screen: Screen): Promise<void> {
  const entries = await withNats(flags, (broker) => Array.fromAsync(readAudit(broker)));
  const shown = entries.slice(Math.max(0, entries.length - flags.limit));
  if (flags.json) return printJson(screen, shown);
  if (shown.length === 0) return void screen.write('Nothing was written down yet.\n');
  for (const entry of shown) tellEntry(entry, screen);
}

function tellEntry({ sequence, at, action, outcome, actor, reason, detail }: AuditEntry, screen: Screen): void {
  const numbers = detail.map(({ name, value }) => `${name} ${value}`).join(', ');
  screen.write(`${sequence}  ${at}  ${action} ${outcome}  by ${showControls(actor)}\n`);
  screen.write(`    ${showControls(reason)}${numbers === '' ? '' : ` (${showControls(numbers)})`}\n`);
}

/** Whether the chain of entries is whole. Returns the exit code: 1 when it is broken. */
export async function verifyAudit(flags: GlobalFlags & { json: boolean }, screen: Screen): Promise<number> {
  const verdict = verifyAuditChain(await withNats(flags, (broker) => Array.fromAsync(readAudit(broker))));
  const { entries, head, broken } = verdict;
  if (flags.json) printJson(screen, verdict);
  else {
    printFacts(screen, [
      ['sound entries', integer(entries)],
      ['head', head],
      ['chain', broken === null ? 'whole' : `broken: entry ${broken.sequence} ${broken.reason}`],
    ]);
    screen.write('\nWrite the head down elsewhere: entries cut off at the end show by it alone.\n');
  }
  return broken === null ? exitCodes.ok : exitCodes.failed;
}
