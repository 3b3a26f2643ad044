import { z } from 'zod';
import type { Path } from './config-tree.ts';

/** Looks into a zod schema: which keys it knows, what lies under a key, what is secret. */

export type Shape = Readonly<Record<string, z.core.$ZodType>>;

type Definition = {
  readonly type: string;
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly getter?: () => z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly shape?: Shape;
  readonly catchall?: z.core.$ZodType;
  readonly format?: string;
};

// zod's public `_zod.def` is a union over every schema; these are the fields of it that are read here.
const definitionOf = (schema: z.core.$ZodType): Definition => schema._zod.def as unknown as Definition;

/** The schema without optional, default, nullable, and the transformation behind it. */
export function bare(schema: z.core.$ZodType): z.core.$ZodType {
  const def = definitionOf(schema);
  const inner = def.type === 'lazy' ? def.getter?.() : (def.innerType ?? def.in);
  return inner === undefined ? schema : bare(inner);
}

/** `object`, `record`, `array`, `string`, `number`, `boolean`, `bigint`, `enum`, `union`, ... */
export function kindOf(schema: z.core.$ZodType): string {
  return definitionOf(bare(schema)).type;
}

export function isOptional(schema: z.core.$ZodType): boolean {
  const def = definitionOf(schema);
  if (def.type === 'optional' || def.type === 'default' || def.type === 'prefault') return true;
  return def.innerType !== undefined && isOptional(def.innerType);
}

/** Its keys when it is an object that lists them all, else null. */
export function shapeOf(schema: z.core.$ZodType): Shape | null {
  const def = definitionOf(bare(schema));
  if (def.type !== 'object' || def.shape === undefined) return null;
  const open = def.catchall !== undefined && definitionOf(def.catchall).type !== 'never';
  return open ? null : def.shape;
}

/** What a value under this key must be; null when the schema does not say, or says several things. */
export function under(schema: z.core.$ZodType, key: string | number): z.core.$ZodType | null {
  const def = definitionOf(bare(schema));
  if (def.type === 'array') return def.element ?? null;
  if (def.type === 'record') return def.valueType ?? null;
  if (def.type === 'object') {
    const known = def.shape !== undefined && Object.hasOwn(def.shape, key) ? def.shape[key] : undefined;
    if (known !== undefined) return known;
    return def.catchall === undefined || definitionOf(def.catchall).type === 'never' ? null : def.catchall;
  }
  if (def.type === 'union')
    return def.options?.map((option) => under(option, key)).find((found) => found !== null) ?? null;
  return null;
}

export function schemaAt(schema: z.core.$ZodType, path: Path): z.core.$ZodType | null {
  return path.reduce<z.core.$ZodType | null>((here, key) => (here === null ? null : under(here, key)), schema);
}

export function isUrl(schema: z.core.$ZodType | null): boolean {
  return schema !== null && definitionOf(bare(schema)).format === 'url';
}

const secretNames =
  /(?:password|passphrase|secret|mnemonic|private_?key|api_?key|seed|credentials|bot_?token|auth_?token)$/i;

/** Marked by `.meta({ secret: true })` anywhere on the way, or named so that nobody would want it shown. */
export function isSecret(schema: z.core.$ZodType, path: Path): boolean {
  if (path.some((key) => typeof key === 'string' && secretNames.test(key))) return true;
  let here: z.core.$ZodType | null = schema;
  for (const key of path) {
    here = here === null ? null : under(here, key);
    if (here !== null && marked(here)) return true;
  }
  return false;
}

function marked(schema: z.core.$ZodType): boolean {
  if (z.globalRegistry.get(schema)?.secret === true) return true;
  const { innerType, in: input } = definitionOf(schema);
  const inner = innerType ?? input;
  return inner !== undefined && marked(inner);
}
