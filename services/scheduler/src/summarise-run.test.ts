import { type Opinion, type Run, recommendation } from '@rangeward/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FactName, noteFact, type RunFacts } from './note-fact.ts';
import { awaitsTrade, mayBeOver, summariseRun } from './summarise-run.ts';

const run: Run = {
  id: '0'.repeat(32),
  trigger: 'manual',
  chain: 'base',
  pool: `0x${'a'.repeat(40)}`,
  position: 'main',
  tokenId: 5n,
  mode: 'live',
  startedAt: '2026-01-05T00:00:00.000Z',
  deadline: '2026-01-05T00:05:00.000Z',
};
const at = (seconds: number) => new Date(Date.parse(run.startedAt) + seconds * 1000).toISOString();
const common = {
  started: { at: at(0), reason: 'asked', requestedBy: null, requestCorrelationId: 'mine' },
  market: { at: at(1), block: 7, valueUsdE6: 100, hodlUsdE6: 90, idleUsdE6: 7 },
  prior: { at: at(2), centerUsdE6: 3000 },
  recommendation: { at: at(2), centerUsdE6: 3001, tickLower: -10, tickUpper: 10 },
} satisfies RunFacts;
const hold = { at: at(3), kind: 'hold', reason: 'in range', planId: null } as const;
const act = { at: at(3), kind: 'rebalance', reason: 'out of range', planId: 'p' } as const;
const trade: NonNullable<RunFacts['trade']> = {
  at: at(9),
  planId: 'p',
  outcome: 'confirmed',
  reason: 'moved',
  txHashes: ['0x1'],
  gasUsed: '800000',
  gasUsdE6: 5,
  tokenIdAfter: '6',
  valueBeforeUsdE6: 101,
  valueAfterUsdE6: 99,
  fees0: '1',
  fees1: '2',
  feesUsdE6: 3,
};

describe('the record of a run', () => {
  it('waits for the trade of a decision to act before the plan is heard of, unless the run ended otherwise', () => {
    const names = [...Object.keys(common), 'decision'];
    expect(awaitsTrade({ name: 'decision', fact: act }, names)).toBe(true);
    expect(awaitsTrade({ name: 'decision', fact: hold }, names)).toBe(false);
    for (const end of ['trade', 'overdue', 'skipped']) {
      expect(awaitsTrade({ name: 'decision', fact: act }, [...names, end])).toBe(false);
    }
    expect(awaitsTrade({ name: 'trade', fact: trade }, [...names, 'trade'])).toBe(false);
  });

  it('is pending, then running, then completed', () => {
    expect(summariseRun(run, {}).status).toBe('pending');
    expect(summariseRun(run, { ...common, decision: act }).status).toBe('running');
    expect(summariseRun(run, { ...common, decision: hold })).toMatchObject({
      status: 'completed',
      decision: 'hold',
      durationMs: 3000,
      outcome: null,
    });
  });

  it('carries what the trade did', () => {
    expect(summariseRun(run, { ...common, decision: act, trade })).toMatchObject({
      status: 'completed',
      durationMs: 9000,
      newTokenId: 6n,
      gasUsed: 800_000n,
      feesCollected1: 2n,
      positionValueBeforeUsdE6: 101,
      requestCorrelationId: 'mine',
    });
  });

  it('carries what the model said, from the event that told it, and nothing without an opinion', () => {
    const recommended = (opinion: Opinion) => {
      const data = { run, opinion, posterior: { centerUsdE6: 3001 }, range: { tickLower: -10, tickUpper: 10 } };
      const noted = noteFact(recommendation, { envelope: { time: at(2) }, data } as never)?.noted;
      return summariseRun(run, { ...common, recommendation: noted?.fact as RunFacts['recommendation'] } as RunFacts);
    };
    const answer = { direction: -1, confidence: 1, regime: 0, width: 2 } as const;
    const given = { kind: 'given', answer, weight: 0, model: 'm', promptHash: '', callId: '' } as const;
    expect(recommended(given)).toMatchObject({ modelDirection: 'down', modelConfidence: 'medium' });
    const none = { kind: 'none', reason: 'no-key', detail: '' } as const;
    expect(recommended(none)).toMatchObject({ modelDirection: null, modelConfidence: null, recommendedTickLower: -10 });
  });

  it.each(['reverted', 'refused'] as const)('fails when the plan was %s, with its reason', (outcome) => {
    const failed = summariseRun(run, { ...common, decision: act, trade: { ...trade, outcome, reason: 'why' } });
    expect(failed).toMatchObject({ status: 'failed', executionError: 'why', failure: 'why' });
  });

  it('is skipped with the reason', () => {
    expect(summariseRun(run, { started: common.started, skipped: { at: at(1), reason: 'back' } })).toMatchObject({
      status: 'skipped',
      failure: 'back',
    });
  });

  it('fails at the deadline, says how far it got, and stays failed whatever comes later', () => {
    const overdue = { at: run.deadline };
    const failed = summariseRun(run, { ...common, decision: act, overdue });
    expect(failed).toMatchObject({ status: 'failed', completedAt: run.deadline, durationMs: 300_000 });
    expect(failed.failure).toContain('the decision was made');
    expect(summariseRun(run, { ...common, decision: act, overdue, trade })).toMatchObject({
      status: 'failed',
      outcome: 'confirmed',
    });
  });

  it('is never over before its last fact, in whatever order they come', () => {
    const all: RunFacts = { ...common, decision: act, trade };
    const names = Object.keys(all) as FactName[];
    fc.assert(
      fc.property(fc.shuffledSubarray(names, { minLength: names.length }), (order) => {
        const facts: Record<string, unknown> = {};
        order.forEach((name, index) => {
          facts[name] = all[name];
          expect(summariseRun(run, facts as RunFacts).completedAt !== null).toBe(index === names.length - 1);
        });
        expect(summariseRun(run, facts as RunFacts)).toEqual(summariseRun(run, all));
      }),
    );
  });

  it('is only over with names that say that it may be', () => {
    const all: RunFacts = {
      ...common,
      decision: act,
      plan: { at: at(4), planId: 'p' },
      trade,
      skipped: { at: at(1), reason: 'back' },
      overdue: { at: run.deadline },
    };
    const names = Object.keys(all) as FactName[];
    fc.assert(
      fc.property(fc.subarray(names), fc.boolean(), (chosen, holds) => {
        const facts = Object.fromEntries(chosen.map((name) => [name, all[name]])) as RunFacts;
        if (holds && facts.decision) facts.decision = hold;
        // A plan without its trade is said of no run that holds.
        fc.pre(!(holds && chosen.includes('plan')));
        if (summariseRun(run, facts).completedAt !== null) expect(mayBeOver(chosen)).toBe(true);
      }),
    );
    expect(mayBeOver(['started', 'market', 'prior', 'recommendation', 'decision', 'plan'])).toBe(false);
    expect(mayBeOver(['started', 'market', 'prior', 'recommendation'])).toBe(false);
  });
});
