import { z } from 'zod';

/**
 * A quick way through a schema. zod stays what decides: a step here only ever lets through what zod would let through,
 * and with the same result; at anything else it gives up, and zod is asked for the result or the error. It is some five
 * times quicker, most of all in writing, where zod goes through every value twice.
 */
type Passage = {
  /** Wire form in, decoded value out; GAVE_UP when zod must be asked. */
  readonly read: Step;
  /** Value in, wire form out; likewise. */
  readonly write: Step;
};

type Step = (value: unknown) => unknown;
type Direction = 'read' | 'write';

/** What a step answers when zod must be asked. */
export const GAVE_UP = Symbol('zod must be asked');

const passages = new WeakMap<z.core.$ZodType, Passage>();
const askZod: Passage = { read: () => GAVE_UP, write: () => GAVE_UP };

/** The passage of a schema, made at its first use. One through a schema with parts not known here always gives up. */
export function passageOf(schema: z.core.$ZodType): Passage {
  const known = passages.get(schema);
  if (known !== undefined) return known;
  const read = compile(schema, 'read');
  const write = compile(schema, 'write');
  const passage = read === null || write === null ? askZod : { read, write };
  passages.set(schema, passage);
  return passage;
}

/** The wire form of a value; throws a ZodError when it does not follow the schema. */
export function toWire<Schema extends z.ZodType>(schema: Schema, value: z.output<Schema>): z.input<Schema> {
  const quick = passageOf(schema).write(value);
  return quick === GAVE_UP ? z.encode(schema, value) : (quick as z.input<Schema>);
}

/** The value of a wire form; throws a ZodError when that does not follow the schema. */
export function fromWire<Schema extends z.ZodType>(schema: Schema, wire: unknown): z.output<Schema> {
  const quick = passageOf(schema).read(wire);
  return quick === GAVE_UP ? schema.parse(wire) : (quick as z.output<Schema>);
}

/** A step for the schema; null when something in it is not known here. */
function compile(schema: z.core.$ZodType, direction: Direction): Step | null {
  // Every class of zod's own is one of these; another one's type is met by the default below.
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type !== 'string' && def.type !== 'number' && def.type !== 'array' && hasChecks(def)) return null;
  switch (def.type) {
    case 'object':
      return compileObject(def, direction);
    case 'array':
      return compileArray(def, direction);
    case 'string':
      return compileString(def);
    case 'number':
      return compileNumber(def);
    case 'bigint':
      return (value) => (typeof value === 'bigint' ? value : GAVE_UP);
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? value : GAVE_UP);
    case 'enum':
      return oneOf(Object.values(def.entries));
    case 'literal':
      return oneOf(def.values);
    case 'nullable':
      return passing(compile(def.innerType, direction), (inner) => (value) => (value === null ? null : inner(value)));
    case 'optional':
      return compile(def.innerType, direction);
    case 'union':
      return compileUnion(def.options, direction);
    case 'pipe':
      return compileCodec(def, direction);
    default:
      return null;
  }
}

function hasChecks(def: z.core.$ZodTypeDef): boolean {
  return (def.checks?.length ?? 0) > 0;
}

function passing(inner: Step | null, make: (inner: Step) => Step): Step | null {
  return inner === null ? null : make(inner);
}

function oneOf(values: readonly unknown[]): Step {
  const known = new Set(values);
  return (value) => (known.has(value) ? value : GAVE_UP);
}

type Field = { readonly key: string; readonly step: Step; readonly optional: boolean };

function compileObject(def: z.core.$ZodObjectDef, direction: Direction): Step | null {
  if (def.catchall !== undefined) return null;
  const fields: Field[] = [];
  for (const [key, schema] of Object.entries(def.shape)) {
    const step = compile(schema, direction);
    if (step === null || !PLAIN_KEY.test(key)) return null;
    fields.push({ key, step, optional: schema._zod.def.type === 'optional' });
  }
  return fields.some(({ optional }) => optional) ? stepThroughSome(fields) : stepThroughAll(fields);
}

const PLAIN_KEY = /^[A-Za-z][A-Za-z0-9_]*$/;

/**
 * Objects whose fields are all required, as nearly all are. The function is written out, as zod does for reading, because
 * a loop over names is several times slower: with each name in its place the engine knows where the fields lie.
 */
function stepThroughAll(fields: readonly Field[]): Step {
  const lines = fields.map(({ key }, at) => `const f${at} = s${at}(value.${key}); if (f${at} === no) return no;`);
  const result = fields.map(({ key }, at) => `${key}: f${at}`).join(', ');
  const body = `return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return no;
    ${lines.join('\n    ')}
    return { ${result} };
  }`;
  const names = fields.map((_, at) => `s${at}`);
  // Its text is made of field names of our own schemas alone, each a plain word.
  const make = new Function('no', ...names, body) as (no: symbol, ...steps: Step[]) => Step;
  return make(GAVE_UP, ...fields.map(({ step }) => step));
}

function stepThroughSome(fields: readonly Field[]): Step {
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return GAVE_UP;
    // Read as a record: whatever stands in a field is checked by the field's own step.
    const input = value as Record<string, unknown>;
    const result: Record<string, unknown> = {};
    for (const { key, step, optional } of fields) {
      const field = input[key];
      if (field === undefined && optional && !(key in input)) continue;
      const passed = step(field);
      if (passed === GAVE_UP) return GAVE_UP;
      result[key] = passed;
    }
    return result;
  };
}

function compileArray(def: z.core.$ZodArrayDef, direction: Direction): Step | null {
  const fits = lengthCheck(def.checks);
  if (fits === null) return null;
  return passing(compile(def.element, direction), (element) => (value) => {
    if (!Array.isArray(value) || !fits(value.length)) return GAVE_UP;
    const result: unknown[] = new Array(value.length);
    for (let index = 0; index < value.length; index += 1) {
      const passed = element(value[index]);
      if (passed === GAVE_UP) return GAVE_UP;
      result[index] = passed;
    }
    return result;
  });
}

function compileString(def: z.core.$ZodStringDef): Step | null {
  const patterns: RegExp[] = [];
  const lengths: z.core.$ZodCheck<never>[] = [];
  // A format such as an ISO time is a check of itself.
  const checks = [...(isCheck(def) ? [def] : []), ...(def.checks ?? []).map((check) => check._zod.def)];
  for (const check of checks) {
    if (check.check !== 'string_format') continue;
    const { format, pattern } = check as z.core.$ZodCheckStringFormatDef;
    if (!['regex', 'datetime', 'date'].includes(format) || pattern === undefined) return null;
    // A pattern with one of these flags remembers where it stopped.
    if (pattern.global || pattern.sticky) return null;
    patterns.push(pattern);
  }
  for (const check of def.checks ?? []) {
    if (check._zod.def.check !== 'string_format') lengths.push(check as z.core.$ZodCheck<never>);
  }
  const fits = lengthCheck(lengths);
  if (fits === null) return null;
  const [only] = patterns;
  if (only !== undefined && patterns.length === 1 && lengths.length === 0) {
    return (value) => (typeof value === 'string' && only.test(value) ? value : GAVE_UP);
  }
  return (value) => {
    if (typeof value !== 'string' || !fits(value.length)) return GAVE_UP;
    for (const pattern of patterns) if (!pattern.test(value)) return GAVE_UP;
    return value;
  };
}

function isCheck(def: object): def is z.core.$ZodCheckDef {
  return 'check' in def;
}

/** Null when there are checks of anything but the length. */
function lengthCheck(checks: readonly z.core.$ZodCheck<never>[] | undefined): ((length: number) => boolean) | null {
  let [least, most] = [0, Number.POSITIVE_INFINITY];
  for (const check of checks ?? []) {
    const { def } = (check as unknown as z.core.$ZodChecks)._zod;
    if (def.check === 'min_length') least = Math.max(least, def.minimum);
    else if (def.check === 'max_length') most = Math.min(most, def.maximum);
    else return null;
  }
  return (length) => length >= least && length <= most;
}

function compileNumber(def: z.core.$ZodNumberDef): Step | null {
  // A format such as a safe integer is a check of itself.
  const format = 'format' in def ? def.format : undefined;
  if (isCheck(def) && format !== 'safeint') return null;
  const isWhole = isCheck(def);
  let [least, most] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  let [above, below] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const check of def.checks ?? []) {
    const { def: bound } = (check as z.core.$ZodChecks)._zod;
    if (bound.check !== 'greater_than' && bound.check !== 'less_than') return null;
    if (typeof bound.value !== 'number') return null;
    if (bound.check === 'greater_than' && bound.inclusive) least = Math.max(least, bound.value);
    else if (bound.check === 'greater_than') above = Math.max(above, bound.value);
    else if (bound.inclusive) most = Math.min(most, bound.value);
    else below = Math.min(below, bound.value);
  }
  const fits = (value: number) => value >= least && value <= most && value > above && value < below;
  return isWhole
    ? (value) => (Number.isSafeInteger(value) && fits(value as number) ? value : GAVE_UP)
    : (value) => (Number.isFinite(value) && fits(value as number) ? value : GAVE_UP);
}

function compileUnion(options: readonly z.core.$ZodType[], direction: Direction): Step | null {
  const steps: Step[] = [];
  for (const option of options) {
    const step = compile(option, direction);
    if (step === null) return null;
    steps.push(step);
  }
  // As in zod the first that fits counts.
  return (value) => {
    for (const step of steps) {
      const passed = step(value);
      if (passed !== GAVE_UP) return passed;
    }
    return GAVE_UP;
  };
}

/** A codec: its inner schema, the translation, its outer schema; the other way round when writing. */
function compileCodec(def: z.core.$ZodPipeDef, direction: Direction): Step | null {
  const { transform, reverseTransform } = def;
  const translate = direction === 'read' ? transform : reverseTransform;
  const [from, to] = direction === 'read' ? [def.in, def.out] : [def.out, def.in];
  const [before, after] = [compile(from, direction), compile(to, direction)];
  if (translate === undefined || before === null || after === null) return null;
  return (value) => {
    const checked = before(value);
    if (checked === GAVE_UP) return GAVE_UP;
    // A translation says here that it could not.
    const payload: z.core.ParsePayload = { value: checked, issues: [] };
    const translated = translate(checked, payload);
    return payload.issues.length > 0 ? GAVE_UP : after(translated);
  };
}
