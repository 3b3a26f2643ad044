import { expect, test } from 'vitest';
import type { Attempt } from './plan-record.ts';
import { replacementDue } from './replacement-due.ts';
import type { StepName } from './step-facts.ts';

const made: Attempt = { raw: '0x01', hash: '0x02', at: 1_000, block: 10 };
const cancellation: Attempt = { ...made, cancels: true };
const head = { number: 11, timestampS: 500n };

const due = (change: Partial<Parameters<typeof replacementDue>[0]> = {}, name: StepName = 'swap', attempts = [made]) =>
  replacementDue({
    step: { name, attempts, deadlineS: 600 },
    nowMs: 2_000,
    planDeadlineMs: 100_000,
    head,
    killed: false,
    bumpAfterMs: 10_000,
    ...change,
  });

const late = { nowMs: 100_001 };
const waited = { nowMs: 11_000 };
const expired = { head: { ...head, timestampS: 600n } };

test.each([
  ['nothing while it has not waited long', due(), null],
  ['more gas when it waited', due(waited), 'bump'],
  ['nothing when no block came meanwhile', due({ ...waited, head: { ...head, number: 10 } }), null],
  ['nothing before the chain was asked', due({ ...waited, head: null }), null],
  ['a cancellation when the plan is too late', due(late), 'cancel'],
  ['a cancellation when the plan is too late, the chain not asked', due({ ...late, head: null }), 'cancel'],
  ['a cancellation when the chain would refuse it', due(expired), 'cancel'],
  ['a cancellation when trading is killed', due({ killed: true }), 'cancel'],
  ['no cancellation for the return of an approval', due(late, 'reset-router'), 'bump'],
  [
    'nothing for the return of an approval when trading is killed',
    due({ ...waited, killed: true }, 'reset-router'),
    null,
  ],
  ['nothing for a cancellation that is young', due({ killed: true }, 'swap', [made, cancellation]), null],
  ['more gas for a cancellation that waited', due({ ...late, killed: true }, 'swap', [made, cancellation]), 'bump'],
  [
    'more gas at once for a form from before times were kept',
    due({ nowMs: 50_000 }, 'swap', [{ raw: '0x01', hash: '0x02' }]),
    'bump',
  ],
] as const)('%s', (_, actual, expected) => expect(actual).toBe(expected));
