import { decisionSettings } from '@rangeward/decision/config';
import { marketDataSettings } from '@rangeward/market-data/config';
import { settings as signalService } from '@rangeward/signal/config';
import type { z } from 'zod';
import type { OwnSettings } from './own-strategy.ts';
import type { Trial } from './search-grid.ts';

type Tree = { [name: string]: Tree | unknown };

/** A setting that does not exist, or a value it does not take. The message says which and what there is. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

const sections = {
  signal: signalService.shape.signal,
  decision: decisionSettings,
  marketData: marketDataSettings,
} as const;

/**
 * The settings with some of them changed: `coverage`, or `signal.coverage` where a name is in several sections, or the
 * whole path `decision.move.maxOverlapBps`. Checked by the services' own schemas.
 * @throws SettingError for a name that is none or several, and for a value the schema refuses.
 */
export function applyTrial(base: OwnSettings, trial: Trial): OwnSettings {
  // Plain data all the way down, as the schemas made it.
  const changed = structuredClone({
    signal: base.signal,
    decision: base.decision,
    marketData: base.marketData,
  }) as Tree;
  for (const [name, text] of Object.entries(trial)) put(changed, pathOf(changed, name), settingFrom(text));
  return {
    ...base,
    signal: parse(sections.signal, changed.signal, trial),
    decision: parse(sections.decision, changed.decision, trial),
    marketData: parse(sections.marketData, changed.marketData, trial),
  };
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, trial: Trial): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const said = Object.entries(trial).map(([name, text]) => `${name}=${text}`);
  throw new SettingError(`${said.join(' ')}: ${issue?.path.join('.')}: ${issue?.message}`);
}

/** The setting that a name means: of several that end in it the one that lies highest, if there is only one so high. */
function pathOf(tree: Tree, name: string): string[] {
  const wanted = name.split('.');
  const all = leavesOf(tree, []);
  const found = all.filter((path) => wanted.every((part, at) => path[path.length - wanted.length + at] === part));
  const highest = Math.min(...found.map((path) => path.length));
  const [first, second] = found.filter((path) => path.length === highest);
  if (first !== undefined && second === undefined) return first;
  const names = (found.length > 0 ? found : all).map((path) => path.join('.'));
  const what = found.length > 0 ? 'is several settings' : 'is no setting';
  throw new SettingError(`${name} ${what}: ${names.join(', ')}`);
}

function leavesOf(tree: Tree, path: readonly string[]): string[][] {
  return Object.entries(tree).flatMap(([name, value]) => {
    const here = [...path, name];
    return isTree(value) ? leavesOf(value, here) : [here];
  });
}

function put(tree: Tree, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path;
  const below = tree[name];
  if (rest.length === 0 || !isTree(below)) tree[name] = value;
  else put(below, rest, value);
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function settingFrom(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  const value = Number(text);
  return text.trim() !== '' && Number.isFinite(value) ? value : text;
}
