import fc from 'fast-check';
import type { z } from 'zod';

/** Wire values that a schema takes, made from what it says of itself. */
export function wireOf(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const bound = (kind: string) =>
    def.checks?.map((check) => check._zod.def).find((check) => check.check === kind) as
      | Record<string, number>
      | undefined;
  switch (def.type) {
    case 'object': {
      const required = Object.keys(def.shape).filter((key) => def.shape[key]?._zod.def.type !== 'optional');
      const fields = Object.fromEntries(Object.entries(def.shape).map(([key, field]) => [key, wireOf(field)]));
      return fc.record(fields, { requiredKeys: required });
    }
    case 'array':
      return fc.array(wireOf(def.element), { maxLength: Math.min(4, bound('max_length')?.maximum ?? 4) });
    case 'string': {
      const pattern = def.checks?.map((check) => Reflect.get(check._zod.def, 'pattern')).find((found) => found);
      if (pattern instanceof RegExp) return fc.stringMatching(pattern);
      if ('format' in def)
        return fc
          .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
          .map((date) => (def.format === 'date' ? date.toISOString().slice(0, 10) : date.toISOString()));
      return fc.string({ minLength: bound('min_length')?.minimum ?? 0, maxLength: 8 });
    }
    case 'number': {
      const [least, most] = [bound('greater_than')?.value ?? -1e6, bound('less_than')?.value ?? 1e9];
      return 'format' in def
        ? fc.integer({ min: least + 1, max: most })
        : fc.double({ min: least + 1e-9, max: most, noNaN: true });
    }
    case 'boolean':
      return fc.boolean();
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries));
    case 'literal':
      return fc.constantFrom(...def.values);
    case 'union':
      return fc.oneof(...def.options.map(wireOf));
    case 'nullable':
      return fc.option(wireOf(def.innerType));
    case 'optional':
      return wireOf(def.innerType);
    case 'pipe':
      return wireOf(def.in);
    default:
      throw new Error(`no values are known for a ${def.type}`);
  }
}
