import { Parser } from '@asyncapi/parser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { asyncApiDocument, heardBy } from './describe-events.ts';
import {
  catalogue,
  consumers,
  decodeEvent,
  definitionOf,
  encodeEvent,
  eventId,
  Rejection,
  runIdOf,
  streams,
  subjectTemplate,
  tick,
} from './index.ts';

const hash = `0x${'a'.repeat(64)}`;
const pool = `0x${'b'.repeat(40)}`;
const data = {
  chain: 'base',
  pool,
  block: { number: 7, hash, time: '2026-01-05T00:00:00Z' },
  tick: -196_256,
  sqrtPriceX96: 2n ** 160n - 1n,
  liquidity: 12_456_789_012_345_678_901n,
  priceUsdE6: 3_000_000_000,
  swaps: 2,
  volumeUsdE6: 12_000_000,
  complete: true,
};
const origin = { source: 'rangeward/market-data', time: '2026-01-05T00:00:00Z' };

describe('an event', () => {
  it('comes back as it was sent, with bigints, on its own subject', () => {
    const message = encodeEvent(tick, data, { ...origin, correlationId: 'r', causationId: 'c' });
    expect(message.subject).toBe(`lp.v1.tick.base.${pool}`);
    expect(JSON.parse(new TextDecoder().decode(message.body)).liquidity).toBe('12456789012345678901');
    const event = decodeEvent(tick, message);
    expect(event.data).toEqual(data);
    expect(event.envelope).toMatchObject({
      id: message.id,
      type: 'lp.v1.tick',
      correlationId: 'r',
      causationId: 'c',
      source: origin.source,
    });
  });

  it('has the same id whenever the same work is published', () => {
    expect(encodeEvent(tick, data, origin).id).toBe(
      encodeEvent(tick, data, { ...origin, time: '2027-01-05T00:00:00Z' }).id,
    );
    expect(encodeEvent(tick, data, { ...origin, correlationId: 'another run' }).id).not.toBe(
      encodeEvent(tick, data, origin).id,
    );
  });

  it('from a newer writer is read, unknown fields and all', () => {
    const message = encodeEvent(tick, data, origin);
    const newer = { ...JSON.parse(new TextDecoder().decode(message.body)), mood: 'good' };
    expect(decodeEvent(tick, { ...message, body: new TextEncoder().encode(JSON.stringify(newer)) }).data).toEqual(data);
  });

  it('is not written when it does not follow its schema', () => {
    expect(() => encodeEvent(tick, { ...data, tick: 900_000 }, origin)).toThrow(
      expect.objectContaining({ code: 'bad-event' }),
    );
    expect(() => encodeEvent(tick, { ...data, chain: 'a.b' }, origin)).toThrow(Rejection);
  });

  it.each([
    ['a missing field', { swaps: undefined }, 'bad-event', 'swaps'],
    ['a number where a decimal string belongs', { liquidity: 5 }, 'bad-event', 'liquidity'],
    ['a negative unsigned', { liquidity: '-5' }, 'bad-event', 'liquidity'],
    ['an address in capitals', { pool: `0x${'B'.repeat(40)}` }, 'bad-event', 'pool'],
    ['data that belongs on another subject', { chain: 'ethereum' }, 'subject-mismatch', undefined],
  ])('is refused with %s', (_what, change, code, field) => {
    const message = encodeEvent(tick, data, origin);
    const body = new TextEncoder().encode(
      JSON.stringify({ ...JSON.parse(new TextDecoder().decode(message.body)), ...change }),
    );
    expect(() => decodeEvent(tick, { ...message, body })).toThrow(expect.objectContaining({ code, field }));
  });

  it('never makes the reader throw anything but a Rejection, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 64 }),
          fc.json().map((text) => new TextEncoder().encode(text)),
        ),
        (body) => {
          expect(() => decodeEvent(tick, { subject: `lp.v1.tick.base.${pool}`, headers: {}, body })).toThrow(Rejection);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('the catalogue', () => {
  it.each(catalogue.map((event) => [event.name, event] as const))(
    '%s finds itself by subject, in its stream, with every field described or plain',
    (_name, event) => {
      const subject = subjectTemplate(event).replace(/\{.*?\}/g, 'x');
      expect(definitionOf(subject)).toBe(event);
      const covering = Object.entries(streams).filter(([, stream]) =>
        stream.subjects.some((pattern) => subject.startsWith(pattern.replace('>', ''))),
      );
      expect(covering.map(([name]) => name)).toEqual([event.stream]);
      expect(z.toJSONSchema(event.schema, { io: 'input' })).toHaveProperty('type', 'object');
      expect(event.saidBy.length).toBeGreaterThan(0);
    },
  );

  it('lets nobody but alerts hear error notifications, and alerts say none', () => {
    const listeners = Object.values(consumers).filter((consumer) => consumer.stream === 'LP_ERRORS');
    expect(listeners.map((consumer) => consumer.service)).toEqual(['alerts']);
    expect(catalogue.find((event) => event.name === 'error-notification')?.saidBy).not.toContain('alerts');
  });

  it('lets alerts say nothing that it hears', () => {
    const said = catalogue.filter((event) => (event.saidBy as readonly string[]).includes('alerts'));
    expect(said.flatMap(heardBy).filter((durable) => durable.startsWith('alerts-'))).toEqual([]);
  });

  it('is a valid AsyncAPI 3.1 document', async () => {
    const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncApiDocument('0.1.0')));
    expect(diagnostics.filter((diagnostic) => diagnostic.severity === 0)).toEqual([]);
    expect(document?.version()).toBe('3.1.0');
    expect(document?.channels().all()).toHaveLength(catalogue.length);
  });
});

describe('ids', () => {
  it('of events differ with run, name and key', () => {
    const ids = [eventId('a', 'b', 'c'), eventId('a', 'b', 'd'), eventId('a', 'x', 'c'), eventId('z', 'b', 'c')];
    expect(new Set(ids).size).toBe(4);
  });

  it('of runs are UUIDv7 without dashes, the same for the same trigger, ordered by time', () => {
    const at = Date.UTC(2026, 0, 5);
    const id = runIdOf('t', 'base/pool/main', at);
    expect(id).toMatch(/^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
    expect(runIdOf('t', 'base/pool/main', at)).toBe(id);
    expect(runIdOf('t', 'base/pool/other', at)).not.toBe(id);
    expect(runIdOf('t', 'base/pool/main', at + 1) > id).toBe(true);
  });
});
