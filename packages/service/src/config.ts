import type { z } from 'zod';
import { type Environment, readEnvironment, readFlags, unprefixedNames } from './config-environment.ts';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { readConfigFile } from './config-file.ts';
import { problemsOf, unknownKeyProblem } from './config-problems.ts';
import { isOptional, kindOf, shapeOf, under } from './config-schema.ts';
import { isTree, layOver, type Origin, type Path, pathText, type Sourced, setOwn, type Tree } from './config-tree.ts';
import { collectSecrets } from './describe-config.ts';

export type ConfigSources<Schema extends z.ZodObject> = {
  /** The service's own section and the shared ones it needs, by top-level key. */
  readonly schema: Schema;
  /** YAML files, later ones over earlier ones. */
  readonly files: readonly string[];
  readonly env: Environment;
  /** Dotted paths and their values; they win over everything. Undefined ones are left out. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** Top-level sections that belong to others and are passed over; none unless told. */
  readonly knownSections?: readonly string[];
  /** More unprefixed names, `{ TELEGRAM_BOT_TOKEN: 'alerts.telegram.botToken' }`. */
  readonly environmentNames?: Readonly<Record<string, string>>;
};

type LoadedConfig<Config> = {
  readonly config: Config;
  /** Where each given value came from, by dotted path; what is not here is a default. */
  readonly origins: ReadonlyMap<string, Origin>;
  readonly warnings: readonly string[];
  /** Every value that must not be shown: for the scrubber. */
  readonly secrets: readonly string[];
  /** OTEL_* and NO_COLOR as they were, for telemetry and the terminal. */
  readonly environment: Readonly<Record<string, string>>;
};

/**
 * The configuration from defaults < files < environment < flags, checked whole. Sections of other services are passed
 * over; any other key the schema does not know is refused. Throws ConfigError with every problem there is.
 */
export function loadConfig<Schema extends z.ZodObject>(sources: ConfigSources<Schema>): LoadedConfig<z.output<Schema>> {
  const { schema } = sources;
  const knownSections = sources.knownSections ?? [];
  const merged: Sourced = { tree: {}, origins: new Map() };
  const problems: ConfigProblem[] = [];
  layFiles(merged, sources.files, problems);
  const reading = {
    schema,
    tree: merged.tree,
    knownSections,
    names: { ...unprefixedNames, ...sources.environmentNames },
  };
  const environment = readEnvironment(sources.env, reading);
  problems.push(...environment.problems);
  for (const { name, path, value } of environment.assignments) {
    layOver(merged, path, value, () => ({ kind: 'env', name }));
  }
  for (const { name, path, value } of readFlags(sources.flags ?? {}, schema)) {
    layOver(merged, path, value, () => ({ kind: 'flag', name }));
  }
  const own = withoutOthers(merged, schema, knownSections, problems);
  checkKeys(own, schema, [], merged, problems);
  fillSections(own, schema);
  const parsed = schema.safeParse(own);
  if (!parsed.success)
    problems.push(...problemsOf(parsed.error.issues, { schema, input: own, origins: merged.origins }));
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems);
  return {
    config: parsed.data,
    origins: merged.origins,
    warnings: warningsOf(merged, schema, knownSections),
    secrets: collectSecrets(own, schema),
    environment: pick(sources.env, /^(?:OTEL_|NO_COLOR$)/),
  };
}

function layFiles(onto: Sourced, files: readonly string[], problems: ConfigProblem[]): void {
  for (const file of files) {
    const read = readConfigFile(file);
    problems.push(...read.problems);
    const start: Origin = { kind: 'file', file, line: 1, column: 1 };
    const originOf = (path: Path) => read.positions.get(pathText(path)) ?? start;
    for (const [key, value] of Object.entries(read.tree)) layOver(onto, [key], value, originOf);
  }
}

function withoutOthers(
  merged: Sourced,
  schema: z.ZodObject,
  known: readonly string[],
  problems: ConfigProblem[],
): Tree {
  const own: Tree = {};
  for (const [key, value] of Object.entries(merged.tree)) {
    if (Object.hasOwn(schema.shape, key)) setOwn(own, key, value);
    else if (!known.includes(key)) {
      problems.push(unknownKeyProblem([key], [...Object.keys(schema.shape), ...known], merged.origins));
    }
  }
  return own;
}

/** Refuses keys that an object of the schema does not list, and takes them and empty sections out of the tree. */
function checkKeys(
  value: unknown,
  schema: z.core.$ZodType | null,
  path: Path,
  merged: Sourced,
  problems: ConfigProblem[],
): void {
  if (schema === null) return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries())
      checkKeys(item, under(schema, index), [...path, index], merged, problems);
  }
  if (!isTree(value)) return;
  const shape = shapeOf(schema);
  for (const [key, inner] of Object.entries(value)) {
    const next = under(schema, key);
    if (shape !== null && next === null) {
      problems.push(unknownKeyProblem([...path, key], Object.keys(shape), merged.origins));
      delete value[key];
    } else if (inner === null && next !== null && !acceptsNull(next)) {
      // `section:` with everything under it commented out says nothing.
      delete value[key];
    } else checkKeys(inner, next, [...path, key], merged, problems);
  }
}

function acceptsNull(schema: z.core.$ZodType): boolean {
  const def = schema._zod.def as { readonly type: string; readonly innerType?: z.core.$ZodType };
  return def.type === 'nullable' || (def.innerType !== undefined && acceptsNull(def.innerType));
}

/** Sections nobody wrote are made, so that their defaults count and what they miss is named by its own key. */
function fillSections(tree: Tree, schema: z.core.$ZodType): void {
  for (const [key, inner] of Object.entries(shapeOf(schema) ?? {})) {
    if (tree[key] === undefined && kindOf(inner) === 'object' && !isOptional(inner)) setOwn(tree, key, {});
    const section = tree[key];
    if (isTree(section)) fillSections(section, inner);
  }
}

/** A flag for another service's section is passed over like the section; that is worth a word. */
function warningsOf(merged: Sourced, schema: z.ZodObject, known: readonly string[]): string[] {
  return Object.keys(merged.tree).flatMap((key) => {
    const other = !Object.hasOwn(schema.shape, key) && known.includes(key);
    const origin = merged.origins.get(key);
    return other && origin?.kind === 'flag' ? [`flag --${origin.name} sets nothing here: it is another service's`] : [];
  });
}

function pick(env: Environment, names: RegExp): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      names.test(name) && value !== undefined && value !== '' ? [[name, value]] : [],
    ),
  );
}
