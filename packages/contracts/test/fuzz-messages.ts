import fc from 'fast-check';
import type { EventDefinition } from '../src/define-event.ts';
import {
  catalogue,
  decodeEvent,
  definitionOf,
  encodeEvent,
  Rejection,
  subjectOf,
  unwrapTrigger,
} from '../src/index.ts';
import { wireOf } from './wire-values.ts';

/** What became of so many spoiled messages of one event. */
export type FuzzTally = {
  readonly event: string;
  processed: number;
  /** Refused with a Rejection, by its code. */
  readonly refused: Map<string, number>;
  /** What should never happen, the first few with their message. */
  readonly failures: string[];
};

type Random = (below: number) => number;

const SAMPLES = 64;
const MOST_FAILURES = 5;
const encoder = new TextEncoder();

const junk: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 2 ** 53, 1e308, -(2 ** 31), '', ' ', '0', '-0', '007', '1e3', 'NaN', '0x', '-'],
  ...['\u0000', '\r\n', 'a.b', '*', '>', '__proto__', 'constructor', '\ud800', '🦄', '9'.repeat(79), 'x'.repeat(2_001)],
  ...['2026-02-30T00:00:00Z', '2026-01-05T00:00:00+01:00', '+275760-09-13T00:00:00Z', `0x${'G'.repeat(40)}`],
  ...[[], [[]], [null], {}, { a: 1 }, { toString: null }, { length: -1 }, Array.from({ length: 300 }, (_, at) => at)],
];

/**
 * Spoils messages of an event in every way that a sender could, `count` of them, and reads each as its consumer would.
 * The same seed is the same messages.
 */
export function fuzzEvent(definition: EventDefinition, count: number, seed: number): FuzzTally {
  const random = randomFrom(seed);
  const wires = fc.sample(wireOf(definition.schema), { numRuns: SAMPLES, seed });
  const bases = wires.map((wire) => baseOf(definition, wire));
  const others = oneOfEach();
  const tally: FuzzTally = { event: definition.name, processed: 0, refused: new Map(), failures: [] };
  for (let at = 0; at < count; at++) {
    const base = pick(random, bases);
    const body = spoiledBody(random, base.text, others);
    const subject = random(8) === 0 ? spoiledSubject(random, base.subject) : base.subject;
    const headers = random(8) === 0 ? spoiledHeaders(random) : base.headers;
    readOne(tally, { subject, headers, body });
  }
  return tally;
}

let each: readonly string[] | undefined;

/** A message of every event: making them takes longer than reading thousands. */
function oneOfEach(): readonly string[] {
  each ??= catalogue.map(({ schema }) => JSON.stringify(fc.sample(wireOf(schema), { numRuns: 1, seed: 1 })[0]));
  return each;
}

type Message = { subject: string; headers: Record<string, string>; body: Uint8Array };

/** As a consumer does: the event by its subject, then its content; a request of a person in whatever it is wrapped. */
function readOne(tally: FuzzTally, message: Message): void {
  try {
    const definition: EventDefinition | undefined = definitionOf(message.subject);
    if (definition === undefined) throw new Rejection('unhandled-event', 'nobody handles it');
    if (definition.name === 'trigger.manual') unwrapTrigger(message);
    else checkAgain(definition, decodeEvent(definition, message).data, message.subject);
    tally.processed += 1;
  } catch (error) {
    if (error instanceof Rejection && /^[a-z0-9-]+$/.test(error.code)) {
      tally.refused.set(error.code, (tally.refused.get(error.code) ?? 0) + 1);
    } else if (tally.failures.length < MOST_FAILURES) {
      const body = Buffer.from(message.body.subarray(0, 2_000)).toString('base64');
      tally.failures.push(`${String(error)} at ${JSON.stringify(message.subject)}, body ${body}`);
    }
  }
}

/** What was taken for an event can be said again, on the same subject. */
function checkAgain(definition: EventDefinition, data: unknown, subject: string): void {
  const again = encodeEvent(definition, data, { source: 'fuzz', time: '2026-01-05T00:00:00Z' });
  if (again.subject !== subject) throw new Error(`came on ${subject}, would go out on ${again.subject}`);
}

function baseOf(definition: EventDefinition, wire: unknown) {
  const subject = subjectOf(definition, wire);
  const headers = { 'ce-id': 'f'.repeat(32), 'ce-type': `lp.v1.${definition.name}`, 'ce-time': '2026-01-05T00:00:00Z' };
  return { subject, headers, text: JSON.stringify(wire) };
}

function spoiledBody(random: Random, text: string, others: readonly string[]): Uint8Array {
  switch (random(8)) {
    case 0:
      return flipped(random, encoder.encode(text));
    case 1:
      return cutOrFilled(random, encoder.encode(text));
    case 2:
      return encoder.encode(text.replace('{', pick(random, insertions)));
    case 3:
      return encoder.encode(pick(random, others));
    case 4:
      return encoder.encode(wrapped(random, text));
    default: {
      const value: unknown = JSON.parse(text);
      for (let times = random(3); times >= 0; times--) spoil(random, value);
      return encoder.encode(JSON.stringify(value));
    }
  }
}

const insertions = [
  '{"__proto__":{"polluted":true},',
  '{"constructor":{"prototype":{"polluted":true}},',
  '{"unheard-of":1,',
  '{"":"",',
  '{{',
  `{"deep":${'['.repeat(500)}${']'.repeat(500)},`,
];

function flipped(random: Random, bytes: Uint8Array): Uint8Array {
  for (let times = random(4); times >= 0; times--) {
    const at = random(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 + random(255));
  }
  return bytes;
}

function cutOrFilled(random: Random, bytes: Uint8Array): Uint8Array {
  const at = random(bytes.length + 1);
  if (random(2) === 0) return bytes.subarray(0, at);
  const more = Uint8Array.from({ length: random(64) }, () => random(256));
  return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
}

/** As other tools wrap what they send. */
function wrapped(random: Random, text: string): string {
  const inner = random(2) === 0 ? text : JSON.stringify(text);
  const wraps = [
    `{"specversion":"1.0","type":"x","source":"s","id":"1","data":${inner}}`,
    `{"specversion":"1.0","type":"x","data_base64":${JSON.stringify(Buffer.from(text).toString('base64'))}}`,
    `{"detail-type":"x","detail":${inner}}`,
    `{"Records":[{"body":${JSON.stringify(text)}}]}`,
    `{"httpMethod":"POST","body":${JSON.stringify(text)}}`,
    `[${inner}]`,
  ];
  return pick(random, wraps);
}

/** Replaces, removes or adds something somewhere within, in place. */
function spoil(random: Random, value: unknown): void {
  for (let here = value; typeof here === 'object' && here !== null; ) {
    const keys = Object.keys(here);
    const key = keys.length === 0 ? 'new' : pick(random, keys);
    const inner: unknown = Reflect.get(here, key);
    if (typeof inner === 'object' && inner !== null && random(3) > 0) {
      here = inner;
      continue;
    }
    const how = random(6);
    if (how === 0) Reflect.deleteProperty(here, key);
    else if (how === 1) Reflect.set(here, 'unheard-of', structuredClone(pick(random, junk)));
    else Reflect.set(here, key, structuredClone(pick(random, junk)));
    return;
  }
}

function spoiledSubject(random: Random, subject: string): string {
  const tokens = subject.split('.');
  const strange = ['', ' ', '*', '>', '\r\nPUB x 0', 'a'.repeat(300), '\u0000', '..', 'é', 'base', 'constructor'];
  tokens[random(tokens.length)] = pick(random, strange);
  return random(4) === 0 ? tokens.slice(0, random(tokens.length)).join('.') : tokens.join('.');
}

function spoiledHeaders(random: Random): Record<string, string> {
  const values = ['', 'x'.repeat(400), '\u0000', 'lp.v1.error-notification', 'lp.v1.tick', '🦄', '-1'];
  return { 'ce-id': pick(random, values), 'ce-type': pick(random, values), 'ce-correlationid': pick(random, values) };
}

function pick<T>(random: Random, list: readonly T[]): T {
  // The list is never empty.
  return list[random(list.length)] as T;
}

/** mulberry32: numbers from 0 up to but not including a bound. */
function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
