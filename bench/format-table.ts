import { type Figure, type Goal, ratioOf, verdictOf } from './figure.ts';

const titles = ['figure', 'ours', 'reference', 'ratio', 'reach', 'stretch', 'verdict'];

/** The figures as a table in Markdown, its columns aligned for a terminal. */
export function formatTable(figures: readonly Figure[]): string {
  const rows = figures.map(rowOf);
  const widths = titles.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(titles), rule, ...rows.map(line)].join('\n');
}

function rowOf(figure: Figure): string[] {
  const { reference, goal } = figure;
  const ratio = ratioOf(figure);
  return [
    figure.name,
    `${formatNumber(figure.ours)} ${figure.unit}`,
    reference === null ? '' : `${formatNumber(reference.value)} ${figure.unit}, ${reference.name}`,
    ratio === null ? '' : `${ratio.toFixed(2)} x`,
    goal === null ? '' : formatBound(figure, goal, goal.reach),
    goal === null ? '' : formatBound(figure, goal, goal.stretch),
    verdictOf(figure),
  ];
}

function formatBound(figure: Figure, goal: Goal, bound: number): string {
  const sign = goal.better === 'less' ? '<=' : '>=';
  return goal.of === 'ratio' ? `${sign} ${bound} x` : `${sign} ${formatNumber(bound)} ${figure.unit}`;
}

/** Three digits that mean something; more only where they stand before the point. */
function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return 'none';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.min(3, digits) });
}
