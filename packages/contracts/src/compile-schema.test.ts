import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { wireOf } from '../test/wire-values.ts';
import { GAVE_UP, passageOf } from './compile-schema.ts';
import { catalogue } from './index.ts';

const junk = fc.constantFrom<unknown>(
  ...[undefined, null, true, 0, -1, -0, 1.5, 2 ** 53, 1e30, Number.NaN, Number.POSITIVE_INFINITY, 7n, '', '007', '-5'],
  ...[
    '0x',
    '🦄',
    'x'.repeat(3000),
    '2026-02-30T00:00:00Z',
    '2026-01-05T00:00:00+01:00',
    [],
    [1],
    {},
    { a: 1 },
    new Date(0),
  ],
);

/** The value with one part of it, wherever it lies, replaced, taken away or added to. */
function spoiled(value: unknown, path: readonly number[], by: unknown, how: number): unknown {
  if (typeof value !== 'object' || value === null || path.length === 0) return by;
  const keys = Object.keys(value);
  const key = keys[(path[0] ?? 0) % Math.max(1, keys.length)] ?? 'new';
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value };
  if (path.length === 1 && how === 0) Reflect.deleteProperty(copy, key);
  else if (path.length === 1 && how === 1) Reflect.set(copy, 'unheard-of', by);
  else Reflect.set(copy, key, spoiled(Reflect.get(value, key), path.slice(1), by, how));
  return copy;
}

const spoiling = fc.tuple(fc.array(fc.nat(1_000), { minLength: 1, maxLength: 4 }), junk, fc.nat(3));

describe.each(catalogue.map((definition) => [definition.name, definition] as const))(
  'the passage of %s',
  (_, { schema }) => {
    const passage = passageOf(schema);

    it('reads and writes whatever is valid, as zod does', () => {
      fc.assert(
        fc.property(wireOf(schema), (wire) => {
          const decoded = schema.parse(wire);
          expect(passage.read(wire)).toStrictEqual(decoded);
          expect(JSON.stringify(passage.write(decoded))).toBe(JSON.stringify(z.encode(schema, decoded)));
        }),
        { numRuns: 40 },
      );
    });

    it('lets nothing through that zod refuses, and changes nothing that it takes', () => {
      fc.assert(
        fc.property(wireOf(schema), spoiling, (wire, [path, by, how]) => {
          const read = passage.read(spoiled(wire, path, by, how));
          if (read !== GAVE_UP)
            expect(schema.safeParse(spoiled(wire, path, by, how))).toStrictEqual({ success: true, data: read });
          const value = spoiled(schema.parse(wire), path, by, how);
          const written = passage.write(value);
          if (written !== GAVE_UP)
            expect(z.safeEncode(schema, value as never)).toStrictEqual({ success: true, data: written });
        }),
        { numRuns: 200 },
      );
    });
  },
);

describe('a passage', () => {
  it.each([
    ['a refinement', z.object({ a: z.string().refine((text) => text !== 'b') }), { a: 'b' }],
    ['a strict object', z.strictObject({ a: z.string() }), { a: 'x' }],
    ['a format that is more than a pattern', z.object({ a: z.url() }), { a: 'https://example.org' }],
    ['a default', z.object({ a: z.string().default('x') }), {}],
    ['a number of another format', z.object({ a: z.int32() }), { a: 1 }],
  ])('leaves %s to zod', (_, schema, value) => {
    expect(passageOf(schema).read(value)).toBe(GAVE_UP);
    expect(passageOf(schema).write(value)).toBe(GAVE_UP);
  });
});
