import type { z } from 'zod';
import { shownValue } from './config-problems.ts';
import { isSecret } from './config-schema.ts';
import { isTree, type Origin, originText, type Path, pathText } from './config-tree.ts';

type DescribedValue = {
  /** Dotted path. */
  readonly path: string;
  /** Secrets hidden, URLs cut to scheme and host. */
  readonly value: string;
  /** `default`, `file:line:column`, `env NAME` or `flag --name`. */
  readonly origin: string;
};

/** The configuration in force, value by value, fit to be shown to anybody, with the origin of each. */
export function describeConfig(
  loaded: { readonly config: unknown; readonly origins: ReadonlyMap<string, Origin> },
  schema: z.core.$ZodType,
): DescribedValue[] {
  return leaves(loaded.config, []).map(({ path, value }) => ({
    path: pathText(path),
    value: shownLeaf(value, schema, path),
    origin: originText(loaded.origins.get(pathText(path)) ?? { kind: 'default' }),
  }));
}

/** What must never be seen in a log: values marked secret, and every URL that says more than scheme and host. */
export function collectSecrets(tree: unknown, schema: z.core.$ZodType): string[] {
  return leaves(tree, []).flatMap(({ path, value }) => {
    if (typeof value !== 'string' || value === '') return [];
    const url = /^[a-z][a-z0-9+.-]*:\/\/[^/]+(?:\/.|.*@|.*\?)/i.test(value);
    return url || isSecret(schema, path) ? [value] : [];
  });
}

function shownLeaf(value: unknown, schema: z.core.$ZodType, path: Path): string {
  if (Array.isArray(value) && value.length === 0) return '[]';
  if (isTree(value)) return '{}';
  return typeof value === 'string' && !isSecret(schema, path) && !value.includes('://')
    ? value
    : shownValue(value, schema, path);
}

function leaves(value: unknown, path: Path): { path: Path; value: unknown }[] {
  if (value === undefined) return [];
  const inner = Array.isArray(value) ? [...value.entries()] : isTree(value) ? Object.entries(value) : [];
  if (inner.length === 0) return [{ path, value }];
  return inner.flatMap(([key, each]) => leaves(each, [...path, key]));
}
