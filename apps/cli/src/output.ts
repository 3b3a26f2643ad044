import type { Screen } from './story/print-story.ts';
import { showControls } from './story/show-controls.ts';

/** Exit codes of every command. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, preflight: 3 } as const;

/** One value as JSON, bigints as decimal strings. */
export function printJson(screen: Screen, value: unknown): void {
  screen.write(
    `${JSON.stringify(value, (_key, field) => (typeof field === 'bigint' ? field.toString() : field), 2)}\n`,
  );
}

/** Columns wide enough for what is in them. */
export function printTable(screen: Screen, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const shown = rows.map((row) => row.map(showControls));
  const widths = head.map((name, column) => Math.max(name.length, ...shown.map((row) => row[column]?.length ?? 0)));
  for (const row of [head, ...shown]) {
    screen.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  }
}

/** Facts under one another, their names aligned. */
export function printFacts(screen: Screen, facts: readonly (readonly [string, string])[]): void {
  const shown = facts.map(([name, value]) => [showControls(name), showControls(value)] as const);
  const width = Math.max(...shown.map(([name]) => name.length));
  for (const [name, value] of shown) screen.write(`  ${name.padEnd(width)}  ${value}\n`);
}
