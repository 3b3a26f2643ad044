import { z } from 'zod';
import { defineEvent } from '../define-event.ts';
import { address, isoTime, planId, positionId, tickIndex, tokenId, uint, usdE6 } from '../quantities.ts';
import { market } from './market.ts';
import { run, runAddress } from './run.ts';
import { range } from './view.ts';

export const gate = z.object({
  name: z.string().describe('what was checked, kebab-case'),
  passed: z.boolean(),
  value: z.string().describe('what was measured, with its unit'),
  threshold: z.string().describe('what it was held against, with its unit'),
});
export type Gate = z.output<typeof gate>;

export const decisionKind = z.enum(['hold', 'collect', 'rebalance']);
export type DecisionKind = z.output<typeof decisionKind>;

export const decisionMade = defineEvent({
  name: 'decision-made',
  description: 'Hold, collect or rebalance, with every gate that was checked.',
  stream: 'LP_EVENTS',
  saidBy: ['decision'],
  address: runAddress,
  schema: z.object({
    run,
    kind: decisionKind,
    reason: z.string().describe('one sentence with the numbers'),
    gates: z.array(gate),
    planId: planId.nullable().describe('the plan that follows, null for hold'),
    market,
    range,
    expectedGasUsdE6: usdE6('expected cost of gas, rounded up'),
    expectedFeesPerDayUsdE6: usdE6('expected fees a day in the recommended range').nullable(),
  }),
});

export const rebalancePlanned = defineEvent({
  name: 'rebalance-planned',
  description: 'What to do on chain, complete: the executor needs nothing else.',
  stream: 'LP_PLANS',
  saidBy: ['decision'],
  address: [...runAddress, 'planId'],
  once: true,
  schema: z.object({
    planId,
    run,
    kind: z.enum(['collect', 'rebalance']),
    chainId: z.int().positive(),
    issuedAt: isoTime('when the plan was made'),
    validUntil: isoTime('the executor refuses to begin after this'),
    position: z.object({
      id: positionId,
      tokenId,
      owner: address('owner of the NFT and recipient of everything'),
      tickLower: tickIndex('lower tick now'),
      tickUpper: tickIndex('upper tick now'),
      liquidity: uint('liquidity now; a different one on chain makes the plan void'),
    }),
    market,
    target: z
      .object({ tickLower: tickIndex('new lower tick'), tickUpper: tickIndex('new upper tick') })
      .nullable()
      .describe('the new range; null when only fees are collected'),
    limits: z.object({
      maxSlippageBps: z.int().min(1).max(1000).describe('for withdraw, swap and mint, against the price of the plan'),
      maxTickDeviation: z.int().positive().describe('largest distance of the tick from the plan’s when a step is sent'),
      deadlineS: z.int().positive().describe('seconds of block time that each transaction stays valid'),
      maxGasUsdE6: usdE6('reserved for gas, never exceeded'),
    }),
    reservationId: z.string().describe('id of the budget reservation that the executor commits or releases'),
  }),
  key: (data) => data.planId,
});
export type Plan = z.output<typeof rebalancePlanned.schema>;
