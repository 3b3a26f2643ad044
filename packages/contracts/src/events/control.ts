import { z } from 'zod';
import { defineEvent } from '../define-event.ts';
import { isoTime, planId, usdE6 } from '../quantities.ts';
import { run, runAddress } from './run.ts';

const asked = {
  by: z.string().min(1).max(200).describe('who asked: a person’s name with the tool'),
  reason: z.string().max(1000).describe('why, for the record'),
  at: isoTime('when it was asked'),
};

/** That trading goes on again is no event on purpose: only `rangeward resume` says it, on the operator's own machine. */
export const control = defineEvent({
  name: 'control',
  description:
    'Live trading is to stop: pause lets a plan in hand come to its end, kill lets nothing new be signed. There is no event that resumes.',
  stream: 'LP_CONTROL',
  saidBy: ['person'],
  address: ['action'],
  signed: true,
  schema: z.object({ action: z.enum(['pause', 'kill']), ...asked }),
  key: (data) => `${data.action}/${data.by}/${data.at}`,
});

export const planApproved = defineEvent({
  name: 'plan-approved',
  description: 'A person approves a plan that was proposed; without it the executor does not begin it.',
  stream: 'LP_CONTROL',
  saidBy: ['person'],
  address: ['planId'],
  once: true,
  signed: true,
  schema: z.object({ planId, ...asked }),
  key: (data) => data.planId,
});
export type PlanApproved = z.output<typeof planApproved.schema>;

export const planProposed = defineEvent({
  name: 'plan-proposed',
  description: 'A plan waits for a person’s approval; after its time it is refused.',
  stream: 'LP_EVENTS',
  saidBy: ['executor'],
  address: runAddress,
  schema: z.object({
    run,
    planId,
    kind: z.enum(['collect', 'rebalance', 'exit']),
    validUntil: isoTime('an approval after this is too late'),
    summary: z.string().describe('what would be done, with its numbers, for a person'),
    positionUsdE6: usdE6('value of the position'),
    maxGasUsdE6: usdE6('most that its gas may cost'),
  }),
  key: (data) => data.planId,
});
