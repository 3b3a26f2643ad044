import { existsSync } from 'node:fs';
import { type ErrorNotification, errorNotification, type Run, type RunResult } from '@rangeward/contracts';
import { describe, expect, it } from 'vitest';
import { rankOf } from './alert.ts';
import { alertOfBreaker, alertOfDeadLetter, alertOfError, alertOfRun } from './rules.ts';

const pool = `0x${'88'.repeat(20)}`;
const run: Run = {
  id: '0198c0de0000700080000000000000aa',
  trigger: 'scheduled',
  chain: 'base',
  pool,
  position: 'main',
  tokenId: 7n,
  mode: 'live',
  startedAt: '2026-01-05T00:00:00.000Z',
  deadline: '2026-01-05T00:05:00.000Z',
};
const result = (given: Partial<RunResult>): RunResult =>
  // The rules read only the fields given here; the contract's other fields may be anything.
  ({ status: 'completed', decision: 'hold', outcome: null, failure: null, ...given }) as RunResult;

const error: ErrorNotification = {
  service: 'executor',
  severity: 'critical',
  code: 'rpc-down',
  message: 'no answer',
  kind: 'given-up',
  chain: 'base',
  pool,
  runId: run.id,
  eventId: 'e1',
  subject: `lp.v1.rebalance-planned.base.${pool}.abc`,
  attempt: 3,
  hop: 0,
};

describe('an error', () => {
  it('is one cause by service, code and pool, whatever run or message it was', () => {
    const group = alertOfError(error).group;
    expect(alertOfError({ ...error, runId: null, eventId: 'e2', message: 'else', attempt: 1 }).group).toBe(group);
    const others = [{ service: 'signal' as const }, { code: 'other' }, { pool: null }];
    expect(new Set([group, ...others.map((other) => alertOfError({ ...error, ...other }).group)]).size).toBe(4);
  });

  it.each([
    ...['foreign-nonce', 'tokens-rest-in-wallet', 'registry-names-another-nft'],
    ...['plan-halted', 'step-vanished', 'closed-plan-changed', 'providers-disagree', 'feed-incomplete'],
  ])('called %s has a runbook of its own, which is there', (code) => {
    const { facts } = alertOfError({ ...error, code, kind: 'degraded' });
    expect(facts.runbook).not.toBe(alertOfError({ ...error, kind: 'degraded' }).facts.runbook);
    expect(existsSync(new URL(`../../../${facts.runbook}`, import.meta.url))).toBe(true);
  });

  it('and its dead letter are one cause', () => {
    const letter = {
      service: 'executor',
      code: 'rpc-down',
      reason: 'given-up: no answer',
      subject: error.subject ?? '',
      consumer: 'executor-plans',
      attempts: '3',
    };
    expect(alertOfDeadLetter(letter)).toMatchObject({ group: alertOfError(error).group, severity: 'critical' });
    expect(alertOfDeadLetter({ ...letter, reason: 'rejected: bad' }).severity).toBe('warning');
    expect(alertOfDeadLetter({ ...letter, subject: 'not said' }).facts).not.toHaveProperty('pool');
  });
});

describe('a run', () => {
  it.each([
    [1, 'warning'],
    [3, 'warning'],
    [4, 'critical'],
  ])('that is failure number %i in a row is %s', (inARow, severity) => {
    const alert = alertOfRun(run, result({ status: 'failed', failure: 'deadline passed' }), inARow);
    expect(alert).toMatchObject({ severity, text: 'deadline passed' });
  });

  it('that rebalanced informs, each one by itself; reverted it warns', () => {
    const told = alertOfRun(run, result({ decision: 'rebalance', outcome: 'confirmed' }), 0);
    const other = alertOfRun({ ...run, id: 'b' }, result({ decision: 'rebalance', outcome: 'simulated' }), 0);
    expect(told).toMatchObject({ severity: 'info' });
    expect(other?.group).not.toBe(told?.group);
    expect(alertOfRun(run, result({ decision: 'rebalance', outcome: 'reverted' }), 0)?.severity).toBe('warning');
  });

  it('that left the pool warns: going in again is up to a person', () => {
    const told = alertOfRun(run, result({ decision: 'exit', outcome: 'confirmed' }), 0);
    expect(told).toMatchObject({ severity: 'warning', title: 'exit confirmed: main' });
  });

  it('that held, collected or was not carried out stays quiet', () => {
    expect(alertOfRun(run, result({}), 0)).toBeNull();
    expect(alertOfRun(run, result({ decision: 'collect', outcome: 'confirmed' }), 0)).toBeNull();
    expect(alertOfRun(run, result({ decision: 'rebalance', outcome: null }), 0)).toBeNull();
  });
});

it('an open breaker is critical, a closed one informs', () => {
  const change = { breaker: 'errors', since: '2026-01-05T00:00:00.000Z', errors: 20, reason: 'storm' };
  const open = alertOfBreaker({ ...change, state: 'open' });
  expect(open.severity).toBe('critical');
  expect(alertOfBreaker({ ...change, state: 'closed' }).severity).toBe('info');
  expect(rankOf('critical')).toBeGreaterThan(rankOf('warning'));
});

it('whatever asks for a hand names a runbook that exists', () => {
  const letter = { service: 'signal', reason: 'given-up: x', subject: 's', consumer: 'c', attempts: '3' };
  const change = { breaker: 'errors', since: '2026-01-05T00:00:00.000Z', errors: 20, reason: 'storm' };
  const runbooks = [
    ...errorNotification.schema.shape.kind.options.map((kind) => alertOfError({ ...error, kind })),
    alertOfDeadLetter({ ...letter, code: 'handler-error' }),
    alertOfDeadLetter({ ...letter, code: 'max-deliveries' }),
    alertOfRun(run, result({ status: 'failed' }), 1),
    alertOfRun(run, result({ status: 'failed' }), 4),
    alertOfBreaker({ ...change, state: 'open' }),
  ].map((alert) => alert?.facts.runbook);
  expect(runbooks.filter((path) => !existsSync(new URL(`../../../${path}`, import.meta.url)))).toEqual([]);
  expect(new Set(runbooks)).toEqual(
    new Set(
      ['dead-letter', 'max-deliveries', 'error-retrying', 'error-broken', 'run-failed', 'runs-in-a-row-failed']
        .concat('breaker-open')
        .map((name) => `docs/runbooks/${name}.md`),
    ),
  );
});
