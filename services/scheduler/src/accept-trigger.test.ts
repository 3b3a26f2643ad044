import { eventId, Rejection } from '@rangeward/contracts';
import { describe, expect, it } from 'vitest';
import { acceptTrigger, type ManagedPool } from './accept-trigger.ts';

const pool = `0x${'a'.repeat(40)}`;
const managed: ManagedPool[] = [
  {
    chain: 'base',
    pool,
    positions: [
      { id: 'main', tokenId: 5n },
      { id: 'wide', tokenId: 6n },
    ],
  },
  { chain: 'ethereum', pool: `0x${'b'.repeat(40)}`, positions: [] },
];
const settings = { mode: 'live', runTimeoutMs: 300_000 } as const;
const receivedAtMs = Date.UTC(2026, 0, 5);
const message = (subject: string, body: unknown = {}, id = 'm1') => ({
  id,
  subject,
  headers: {},
  body: new TextEncoder().encode(JSON.stringify(body)),
  receivedAtMs,
});
const manual = `lp.v1.trigger.manual.base.${pool}`;

describe('accepting a trigger', () => {
  it('opens a run for every managed position of the pool, with the configured NFT', () => {
    const accepted = acceptTrigger(message(manual), managed, settings);
    expect(accepted).toMatchObject({
      kind: 'open',
      runs: [
        {
          run: { position: 'main', tokenId: 5n, mode: 'live', trigger: 'manual', deadline: '2026-01-05T00:05:00.000Z' },
        },
        { run: { position: 'wide', tokenId: 6n } },
      ],
    });
  });

  it('gives the same runs for the same message, and others for another', () => {
    const ids = (id: string) =>
      JSON.stringify(acceptTrigger(message(manual, {}, id), managed, settings), (_key, value) =>
        typeof value === 'bigint' ? `${value}` : value,
      );
    expect(ids('m1')).toBe(ids('m1'));
    expect(ids('m1')).not.toBe(ids('m2'));
  });

  it('gives a request other runs than a slot, even under the slot’s own id', () => {
    const slot = { chain: 'base', pool, job: 'often', slot: '2026-01-05T00:00:00Z' };
    const runsOf = (subject: string, body: unknown) => {
      const accepted = acceptTrigger(message(subject, body, 'same'), managed, settings);
      return accepted.kind === 'open' ? accepted.runs.map(({ run }) => run.id) : [];
    };
    const all = [...runsOf(manual, {}), ...runsOf(`lp.v1.trigger.scheduled.base.${pool}`, slot)];
    expect(all).toHaveLength(4);
    expect(new Set(all).size).toBe(4);
  });

  it('lets a request narrow the position and the mode, never widen the mode', () => {
    const one = acceptTrigger(message(manual, { position: 'wide', mode: 'paper' }), managed, settings);
    expect(one).toMatchObject({ runs: [{ run: { position: 'wide', mode: 'paper' } }] });
    const paper = acceptTrigger(message(manual, { mode: 'trade' }), managed, { ...settings, mode: 'paper' });
    expect(paper).toMatchObject({ runs: [{ run: { mode: 'paper' } }, { run: { mode: 'paper' } }] });
  });

  it.each([
    ['an unknown chain', `lp.v1.trigger.manual.mars.${pool}`, {}, 'unknown-chain', 'chain'],
    ['an unknown pool', `lp.v1.trigger.manual.base.0x${'c'.repeat(40)}`, {}, 'unknown-pool', 'pool'],
    ['an unknown position', manual, { position: 'other' }, 'unknown-position', 'position'],
    [
      'a pool without positions',
      `lp.v1.trigger.manual.ethereum.0x${'b'.repeat(40)}`,
      {},
      'unknown-position',
      'position',
    ],
    ['an unknown field', manual, { amuont: 1 }, 'bad-trigger', 'amuont'],
    ['a breach without its numbers', `lp.v1.trigger.price-breach.base.${pool}`, {}, 'bad-event', 'chain'],
    ['a kind of trigger that does not exist', `lp.v1.trigger.mood.base.${pool}`, {}, 'bad-subject', undefined],
  ])('refuses %s', (_what, subject, body, code, field) => {
    expect(() => acceptTrigger(message(subject, body), managed, settings)).toThrow(Rejection);
    expect(() => acceptTrigger(message(subject, body), managed, settings)).toThrow(
      expect.objectContaining({ code, field }),
    );
  });

  it('ignores an error notification that strayed onto the subject', () => {
    const stray = message(manual, { 'detail-type': 'ErrorNotificationRequested', detail: {} });
    expect(acceptTrigger(stray, managed, settings)).toMatchObject({ kind: 'ignore' });
  });

  it('says why in words, from the numbers of the trigger', () => {
    const breach = {
      chain: 'base',
      pool,
      block: 1,
      blockHash: `0x${eventId('', '', '').repeat(2)}`,
      blockTime: '2026-01-05T00:00:00Z',
      position: 'main',
      tokenId: '5',
      tick: 120,
      tickLower: 0,
      tickUpper: 100,
      bufferTicks: 10,
      side: 'above',
    };
    const accepted = acceptTrigger(message(`lp.v1.trigger.price-breach.base.${pool}`, breach), managed, settings);
    expect(accepted).toMatchObject({
      runs: [{ reason: 'tick 120 is above the range [0, 100) by the buffer of 10', run: { trigger: 'price-breach' } }],
    });
  });
});
