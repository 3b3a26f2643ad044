import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { z } from 'zod';
import type { ConfigProblem } from './config-error.ts';
import { bare, kindOf, schemaAt, shapeOf, under } from './config-schema.ts';
import { isTree, type Path, readAt, type Tree } from './config-tree.ts';

/** A value the environment or the command line sets. */
type Assignment = { readonly name: string; readonly path: Path; readonly value: unknown };

export type Environment = Readonly<Record<string, string | undefined>>;

/** Names that people and platforms use as they are; each counts only where the schema has its path. */
export const unprefixedNames: Readonly<Record<string, string>> = {
  NATS_URL: 'nats.url',
  REDIS_URL: 'redis.url',
  ANTHROPIC_API_KEY: 'signal.anthropicApiKey',
  LOG_LEVEL: 'log.level',
  PORT: 'health.port',
};

const prefix = 'LP__';

type Reading = {
  readonly schema: z.core.$ZodType;
  /** What the files say: names of chains and pools are found among them. */
  readonly tree: Tree;
  readonly knownSections: readonly string[];
  /** Unprefixed names and the dotted paths they set. */
  readonly names: Readonly<Record<string, string>>;
};

/**
 * What the environment sets, the unprefixed names first, so that `LP__NATS__URL` wins over `NATS_URL`. `__` parts
 * levels, and a name matches a key when both are equal without case, `_` and `-`. An empty value counts as absent.
 * `<NAME>_FILE` names a file that holds the value (its last newline is dropped), unless the schema has a key that
 * matches the whole name.
 */
export function readEnvironment(env: Environment, reading: Reading) {
  const assignments: Assignment[] = [];
  const problems: ConfigProblem[] = [];
  const refuse = (name: string, expected: string, found: string) =>
    problems.push({ place: `env ${name}`, path: '', expected, found });
  const set = (name: string, path: Path, text: string, fromFile: boolean) => {
    const plain = name.replace(/_FILE$/, '');
    if (fromFile && (env[plain] ?? '') !== '') return refuse(name, `expected either ${plain} or ${name}`, 'both');
    const value = fromFile ? readSecretFile(text) : text;
    if (value === null) return refuse(name, 'expected the path of a readable file', 'none there');
    assignments.push({ name, path, value: readText(value, schemaAt(reading.schema, path)) });
  };
  for (const [plain, dotted] of Object.entries(reading.names)) {
    const path = dotted.split('.');
    if (schemaAt(reading.schema, path) === null) continue;
    for (const name of [plain, `${plain}_FILE`]) {
      const text = env[name] ?? '';
      if (text !== '') set(name, path, text, name !== plain);
    }
  }
  for (const name of Object.keys(env).sort()) {
    const text = env[name] ?? '';
    if (!name.startsWith(prefix) || text === '') continue;
    const segments = name.slice(prefix.length).split('__');
    const [section = ''] = segments;
    const direct = resolvePath(segments, reading);
    const behind = name.endsWith('_FILE') ? resolvePath(withoutFile(segments), reading) : null;
    if (direct !== null) set(name, direct, text, false);
    else if (behind !== null) set(name, behind, text, true);
    else if (
      !reading.knownSections.some((known) => plainName(known) === plainName(section)) ||
      hasSection(reading, section)
    ) {
      refuse(name, `expected the name of a setting${nearest(segments, reading)}`, 'an unknown one');
    }
  }
  return { assignments, problems };
}

/** What the command line sets: dotted paths. Text is read as the schema asks, other values are taken as they are. */
export function readFlags(flags: Readonly<Record<string, unknown>>, schema: z.core.$ZodType): Assignment[] {
  return Object.entries(flags).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const path = name.split('.');
    const read = typeof value === 'string' ? readText(value, schemaAt(schema, path)) : value;
    return [{ name, path, value: read }];
  });
}

function resolvePath(segments: readonly string[], { schema, tree }: Reading): Path | null {
  let here: z.core.$ZodType | null = schema;
  const path: string[] = [];
  for (const segment of segments) {
    if (here === null || segment === '') return null;
    const key = matchKey(segment, here, readAt(tree, path));
    if (key === null) return null;
    here = under(here, key);
    if (here === null) return null;
    path.push(key);
  }
  return path.length === 0 ? null : path;
}

function matchKey(segment: string, schema: z.core.$ZodType, present: unknown): string | null {
  const shape = shapeOf(schema);
  const known = shape === null ? (isTree(present) ? Object.keys(present) : []) : Object.keys(shape);
  const match =
    known.find((key) => key === camelCase(segment)) ?? known.find((key) => plainName(key) === plainName(segment));
  if (match !== undefined) return match;
  // A name of a chain or a pool that no file has named: lower case with dashes, as such names are.
  return kindOf(schema) === 'record' ? segment.toLowerCase().replaceAll('_', '-') : null;
}

function camelCase(segment: string): string {
  return segment.toLowerCase().replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}

function withoutFile(segments: readonly string[]): string[] {
  return segments.map((segment, index) => (index === segments.length - 1 ? segment.replace(/_?FILE$/, '') : segment));
}

function hasSection({ schema }: Reading, segment: string): boolean {
  return Object.keys(shapeOf(schema) ?? {}).some((key) => plainName(key) === plainName(segment));
}

function nearest(segments: readonly string[], reading: Reading): string {
  const parent = resolvePath(segments.slice(0, -1), reading);
  const section = segments.length === 1 ? reading.schema : parent === null ? null : schemaAt(reading.schema, parent);
  const keys = section === null ? [] : Object.keys(shapeOf(section) ?? {});
  return keys.length === 0 ? '' : ` (${keys.join(', ')})`;
}

function readSecretFile(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch {
    return null;
  }
}

const textual = new Set([
  'string',
  'enum',
  'literal',
  'template_literal',
  'bigint',
  'date',
  'custom',
  'any',
  'unknown',
]);

/** Text as the schema wants it: numbers, booleans and lists are read; what does not read stays text, to be refused. */
function readText(text: string, schema: z.core.$ZodType | null): unknown {
  if (schema === null) return text;
  const kind = kindOf(schema);
  if (textual.has(kind)) return text;
  if (kind === 'number') return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : text;
  if (kind === 'boolean') return booleans[text.trim().toLowerCase()] ?? text;
  if (kind === 'array' && !text.trim().startsWith('[')) {
    const element = under(bare(schema), 0);
    return text.split(',').map((part) => readText(part.trim(), element));
  }
  return parseFlow(text);
}

const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  false: false,
  '1': true,
  '0': false,
  yes: true,
  no: false,
};

function parseFlow(text: string): unknown {
  try {
    const noHex = (tags: readonly unknown[]) => tags.filter((tag) => !(isTree(tag) && tag.format === 'HEX'));
    // The filter only drops entries, so the list keeps the type it came with.
    return parse(text, { customTags: (tags) => noHex(tags) as typeof tags, prettyErrors: false });
  } catch {
    return text;
  }
}
