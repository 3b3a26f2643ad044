import type { TradingStop } from '@rangeward/adapter-redis/trading-control';
import {
  type breakerChanged,
  type ErrorNotification,
  type EventData,
  forgeryCodes,
  type planProposed,
  type Run,
  type RunResult,
} from '@rangeward/contracts';
import type { InvariantVerdict } from '@rangeward/invariants/check-invariants';
import type { Alert } from './alert.ts';

/** What is worth telling a person, and what makes one cause of many occurrences. */

/** More failures in a row than this are critical. */
const FAILURES_BEFORE_CRITICAL = 3;

/** What to do about it; the files lie in docs/runbooks under these names. */
const runbook = (name: string) => `docs/runbooks/${name}.md`;

const runbooksOfErrors: Readonly<Record<ErrorNotification['kind'], string>> = {
  rejected: runbook('dead-letter'),
  'given-up': runbook('dead-letter'),
  retrying: runbook('error-retrying'),
  degraded: runbook('error-retrying'),
  broken: runbook('error-broken'),
};

/** Causes that ask for more than their kind does. */
const runbooksOfCauses: Readonly<Record<string, string>> = {
  'foreign-nonce': runbook('foreign-nonce'),
  'plan-halted': runbook('plan-halted'),
  'step-vanished': runbook('step-vanished'),
  'closed-plan-changed': runbook('step-vanished'),
  'providers-disagree': runbook('providers-disagree'),
  'tokens-rest-in-wallet': runbook('tokens-rest'),
  'registry-names-another-nft': runbook('registry-disagrees'),
  'registry-disagrees': runbook('registry-disagrees'),
  'state-lost': runbook('state-lost'),
  'plan-not-finished': runbook('state-lost'),
  'foreign-pending': runbook('state-lost'),
  'used-elsewhere': runbook('state-lost'),
  'node-lags': runbook('state-lost'),
  'nft-gone': runbook('state-lost'),
  'nft-not-owned': runbook('state-lost'),
  'nft-unknown': runbook('state-lost'),
  'nft-empty': runbook('state-lost'),
  'approval-stands': runbook('state-lost'),
  'idle-missing': runbook('state-lost'),
  'feed-incomplete': runbook('feed-incomplete'),
};

function runbookOfCause(code: string): string | undefined {
  return forgeryCodes.has(code) ? runbook('forged-message') : runbooksOfCauses[code];
}

export function alertOfError(error: ErrorNotification): Alert {
  return {
    group: groupOf(error.service, error.code, error.pool),
    severity: error.severity,
    title: `${error.service}: ${error.code} (${error.kind})`,
    text: error.message,
    facts: facts({
      chain: error.chain,
      pool: error.pool,
      run: error.runId,
      subject: error.subject,
      runbook: runbookOfCause(error.code) ?? runbooksOfErrors[error.kind],
    }),
  };
}

/** What a dead letter's headers say of it. */
export type DeadLetterNote = {
  readonly service: string;
  readonly code: string;
  readonly reason: string;
  readonly subject: string;
  readonly consumer: string;
  readonly attempts: string;
};

/** A dead letter and the error notification of the same cause are one group: whichever is heard first is told. */
export function alertOfDeadLetter(letter: DeadLetterNote): Alert {
  const [chain = null, pool = null] = /\.([a-z0-9-]+)\.(0x[0-9a-f]{40})(?:\.|$)/.exec(letter.subject)?.slice(1) ?? [];
  const rejected = letter.reason.startsWith('rejected');
  return {
    group: groupOf(letter.service, letter.code, pool),
    severity: rejected && !forgeryCodes.has(letter.code) ? 'warning' : 'critical',
    title: `${letter.service}: a message became a dead letter (${letter.code})`,
    text: `${letter.reason} (attempts: ${letter.attempts}). See it with "rangeward dlq list".`,
    facts: facts({
      chain,
      pool,
      subject: letter.subject,
      consumer: letter.consumer,
      runbook:
        runbookOfCause(letter.code) ?? runbook(letter.code === 'max-deliveries' ? 'max-deliveries' : 'dead-letter'),
    }),
  };
}

/** Null when the run gives no cause to tell anybody: it ended well and moved nothing. */
export function alertOfRun(run: Run, result: RunResult, failuresInARow: number): Alert | null {
  const place = `${run.chain}/${run.pool}/${run.position}`;
  const about = facts({ chain: run.chain, pool: run.pool, position: run.position, run: run.id, mode: run.mode });
  if (result.status === 'failed') {
    const critical = failuresInARow > FAILURES_BEFORE_CRITICAL;
    return {
      group: `run-failed|${place}`,
      severity: critical ? 'critical' : 'warning',
      title: critical ? `${failuresInARow} runs in a row failed: ${run.position}` : `a run failed: ${run.position}`,
      text: result.failure ?? result.executionError ?? 'no reason was recorded',
      facts: { ...about, runbook: runbook(critical ? 'runs-in-a-row-failed' : 'run-failed') },
    };
  }
  const { decision } = result;
  if ((decision !== 'rebalance' && decision !== 'exit') || result.outcome === null) return null;
  const done = result.outcome === 'confirmed' || result.outcome === 'simulated';
  return {
    group: `${decision}|${run.id}`,
    // After an exit nothing goes in again until a person says so.
    severity: done && decision === 'rebalance' ? 'info' : 'warning',
    title: `${decision} ${result.outcome}: ${run.position}`,
    text: result.decisionReason ?? '',
    facts: { ...about, ...facts({ newTokenId: result.newTokenId?.toString() ?? null }) },
  };
}

/** Live trading stopped by itself, until a person has looked. */
export function alertOfStop({ state, through, reason, at }: TradingStop): Alert {
  return {
    group: `trading-stopped|${at}`,
    severity: 'critical',
    title: `live trading is ${state} (${through}) until somebody resumes it`,
    text: reason,
    facts: { since: at, runbook: runbook('trading-paused'), resume: 'rangeward resume --yes' },
  };
}

/** What must never be, and was at two looks in a row. */
export function alertOfInvariant({ id, title, violations }: InvariantVerdict): Alert {
  return {
    group: `invariant|${id}`,
    severity: 'critical',
    title: `invariant ${id} is broken: ${title}`,
    text: violations.slice(0, 5).join('; '),
    facts: { violations: String(violations.length), runbook: runbook('invariant-broken') },
  };
}

export function alertOfProposal(proposal: EventData<typeof planProposed>): Alert {
  const { run, planId, validUntil, summary } = proposal;
  return {
    group: `proposal|${planId}`,
    severity: 'warning',
    title: `a plan waits for your approval: ${run.position}`,
    text: summary,
    facts: {
      ...facts({ chain: run.chain, pool: run.pool, position: run.position, run: run.id }),
      plan: planId,
      until: validUntil,
      approve: `rangeward approve ${planId.slice(0, 12)} --yes`,
    },
  };
}

export function alertOfBreaker(change: EventData<typeof breakerChanged>): Alert {
  const open = change.state === 'open';
  return {
    group: `breaker|${change.breaker}|${change.since}`,
    severity: open ? 'critical' : 'info',
    title: open
      ? `breaker ${change.breaker} is open: live trading is stopped`
      : `breaker ${change.breaker} is ${change.state}`,
    text: change.reason,
    facts: { errors: String(change.errors), since: change.since, runbook: runbook('breaker-open') },
  };
}

function groupOf(service: string, code: string, pool: string | null): string {
  return `${service}|${code}|${pool ?? '-'}`;
}

function facts(all: Readonly<Record<string, string | null>>): Record<string, string> {
  const known = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null && entry[1] !== '');
  return Object.fromEntries(known);
}
