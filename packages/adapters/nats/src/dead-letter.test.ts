import { headers } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { differencesOf } from './compare-configuration.ts';
import { deadLetterOf, replayOf } from './dead-letter.ts';
import { encodeHeaders } from './encode-headers.ts';
import { createFindHandler } from './find-handler.ts';
import { readMessage } from './incoming-message.ts';
import { nanoseconds } from './on-advisory.ts';

const why = {
  reason: 'rejected',
  code: 'bad-event',
  message: 'block:\nnot a number',
  consumer: 'scheduler-triggers',
  service: 'scheduler',
  attempts: 1,
  time: '2026-01-05T00:00:00.000Z',
} as const;

/** What the client sends of them; its own type does not show the method. */
function encoded(all: object): string {
  return new TextDecoder().decode((all as { encode(): Uint8Array }).encode());
}

function stored(set: Record<string, string> = {}) {
  const all = headers();
  for (const [name, value] of Object.entries(set)) all.set(name, value);
  const body = new TextEncoder().encode('{}');
  return { subject: 'lp.v1.tick.a', headers: all, body, stream: 'LP_TICKS', sequence: 7, storedAtNs: 5_000_000n };
}

describe('a dead letter', () => {
  it('keeps the sender’s headers, and the broker’s as a record that orders nothing', () => {
    const sent = stored({ 'CE-Id': 'one', 'Nats-Msg-Id': 'm', 'Nats-Rollup': 'all', 'X-Nats-Msg-Id': 'y' });
    const letter = deadLetterOf(readMessage(sent), why);
    expect(letter.subject).toBe('lp.v1.dlq.LP_TICKS.scheduler-triggers');
    expect(letter.headers).toMatchObject({
      'ce-id': 'one',
      'X-Nats-Msg-Id': 'y',
      'Rangeward-Dlq-Original-Msg-Id': 'm',
      'Rangeward-Dlq-Original-Rollup': 'all',
      'Rangeward-Dlq-Reason': 'rejected: block: not a number',
    });
    // Servers look the name up in the whole block and take the first place, so it must be ours.
    expect(Object.keys(letter.headers)[0]).toBe('Nats-Msg-Id');
    expect(Object.keys(letter.headers).filter((name) => /^nats-/i.test(name))).toEqual(['Nats-Msg-Id']);
  });

  it('is the same for the same delivery, another for another consumer or for a replay', () => {
    const idOf = (set: Record<string, string>, consumer = 'a') =>
      deadLetterOf(readMessage(stored(set)), { ...why, consumer }).headers['Nats-Msg-Id'];
    expect(idOf({ 'ce-id': 'e', 'Nats-Msg-Id': 'm' })).toBe(idOf({ 'ce-id': 'e', 'Nats-Msg-Id': 'm' }));
    const others = [
      idOf({ 'ce-id': 'e', 'Nats-Msg-Id': 'n' }),
      idOf({ 'ce-id': 'e', 'Nats-Msg-Id': 'm' }, 'b'),
      idOf({}),
    ];
    expect(new Set([idOf({ 'ce-id': 'e', 'Nats-Msg-Id': 'm' }), ...others]).size).toBe(4);
  });

  it('is replayed with the sender’s headers and an id of its own', () => {
    const letter = deadLetterOf(readMessage(stored({ 'ce-id': 'one', 'Nats-Msg-Id': 'm' })), why);
    const replay = replayOf({ ...letter, sequence: 3 }, 'me\r\nevil', undefined);
    expect(replay.subject).toBe('lp.v1.tick.a');
    expect(replay.headers).toEqual({
      'Nats-Msg-Id': expect.stringMatching(/^[0-9a-f]{32}$/),
      'ce-id': 'one',
      'Rangeward-Replayed-From': 'LP_DLQ/3',
      'Rangeward-Replayed-By': 'me evil',
    });
    expect(replay.headers['Nats-Msg-Id']).not.toBe('m');
  });
});

describe('an incoming message', () => {
  it('takes its id from ce-id in any spelling, else from Nats-Msg-Id, else from what the broker stored', () => {
    expect(readMessage(stored({ 'Ce-ID': 'one', 'Nats-Msg-Id': 'm' })).id).toBe('one');
    expect(readMessage(stored({ 'nats-msg-id': 'm' })).id).toBe('m');
    const derived = readMessage(stored());
    expect(derived.id).toMatch(/^[0-9a-f]{32}$/);
    expect(readMessage(stored()).id).toBe(derived.id);
    expect(readMessage({ ...stored(), storedAtNs: 5_000_001n }).id).not.toBe(derived.id);
  });

  it('does not take a dead letter for what it is about', () => {
    const letter = { ...stored({ 'ce-id': 'one', 'Nats-Msg-Id': 'm' }), stream: 'LP_DLQ' };
    expect(readMessage(letter).id).toBe('m');
  });

  it('reads the broker’s time to the nanosecond', () => {
    expect(nanoseconds('1970-01-01T00:00:01.000000002Z')).toBe(1_000_000_002n);
    expect(nanoseconds('1970-01-01T00:00:01Z')).toBe(1_000_000_000n);
    expect(nanoseconds('1970-01-01T01:00:00.5+01:00')).toBe(500_000_000n);
    expect(() => nanoseconds('yesterday')).toThrow('not a time');
  });
});

describe('small parts', () => {
  it('refuses a header with a line break', () => {
    expect(encoded(encodeHeaders({ a: 'b' }))).toBe('NATS/1.0\r\na: b\r\n\r\n');
    expect(() => encodeHeaders({ a: 'b\r\nNats-Rollup: all' })).toThrow('line break');
  });

  it('refuses an event that nobody here handles', () => {
    expect(() => createFindHandler([])('lp.v1.tick.base.0x0')).toThrow('nobody here handles it');
    expect(createFindHandler([{ kind: 'ignore-others' }])('lp.v1.tick.base.0x0')).toMatchObject({
      template: 'lp.v1.tick.{chain}.{pool}',
    });
  });

  it('compares what is declared, lists in any order', () => {
    expect(differencesOf({ a: [1, 2], b: 1 }, { a: [2, 1], b: 1, c: 5 })).toEqual([]);
    expect(differencesOf({ a: 1, b: 2 }, { a: 3 })).toEqual([
      { setting: 'a', declared: 1, found: 3 },
      { setting: 'b', declared: 2, found: undefined },
    ]);
  });
});
