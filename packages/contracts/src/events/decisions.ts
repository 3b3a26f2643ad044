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

export const decisionKind = z.enum(['hold', 'collect', 'rebalance', 'exit']);
export type DecisionKind = z.output<typeof decisionKind>;

export const optionKind = z.enum(['hold', 'collect', 'rebalance', 'rebalance-without-swap', 'exit']);
export type OptionKind = z.output<typeof optionKind>;

export const pricedOption = z
  .object({
    kind: optionKind,
    range: z
      .object({ tickLower: tickIndex('lower tick'), tickUpper: tickIndex('upper tick') })
      .nullable()
      .describe('where the liquidity would be; null without any'),
    chosen: z.boolean().describe('whether this is what was decided'),
    horizonS: z.int().positive().describe('over how long it is priced, seconds'),
    liquidity: uint('own liquidity in that range'),
    idleUsdE6: usdE6('of the position’s value, left in the wallet by the new ratio'),
    poolFeesPerDayUsdE6: usdE6('fees a day of all liquidity in range, the protocol’s share taken off').nullable(),
    share: z.number().min(0).max(1).describe('own share of the liquidity in range, which the own liquidity dilutes'),
    timeInRange: z.number().min(0).max(1).describe('expected share of the horizon with the price in the range'),
    feesUsdE6: usdE6('fees per day * share * time in range * days, rounded down').nullable(),
    lvrUsdE6: usdE6('expected loss against rebalancing over the horizon, as much of it as counts, rounded up'),
    gasUsdE6: usdE6('gas, rounded up'),
    swapUsdE6: usdE6('value to be swapped, rounded up'),
    swapCostUsdE6: usdE6('fee and price impact of the swap, rounded up'),
    realisedIlUsdE6: usdE6(
      'impermanent loss that it makes final: principal and idle less the entry amounts, at the price now; shown, in no sum',
    ).nullable(),
    netUsdE6: usdE6('fees - LVR - gas - swap cost over the horizon').nullable(),
    netPerDayUsdE6: usdE6('the same a day, rounded down').nullable(),
  })
  .describe('something that could be done, with what it would bring and cost');
export type PricedOption = z.output<typeof pricedOption>;

export const decisionMade = defineEvent({
  name: 'decision-made',
  description: 'Hold, collect, rebalance or exit, with every gate that was checked and every option’s price.',
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
    options: z
      .array(pricedOption)
      .max(16)
      .optional()
      .describe('what could be done, priced side by side; absent in messages from before it was'),
  }),
});

export const rebalancePlanned = defineEvent({
  name: 'rebalance-planned',
  description: 'What to do on chain, complete: the executor needs nothing else.',
  stream: 'LP_PLANS',
  saidBy: ['decision'],
  address: [...runAddress, 'planId'],
  once: true,
  signed: true,
  schema: z.object({
    planId,
    run,
    kind: z.enum(['collect', 'rebalance', 'exit']),
    swap: z
      .enum(['allowed', 'none'])
      .optional()
      .describe('none: the new range is minted from what is held; absent means allowed'),
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
      .describe('the new range; null when none is minted'),
    expectedGas: z
      .object({
        units: z.int().positive().describe('gas units of all its transactions'),
        l1FeeWei: uint('data fee on the layer below, wei; 0 where there is none'),
      })
      .optional()
      .describe('what the gas was expected to be; absent in messages from before it was said'),
    limits: z.object({
      maxSlippageBps: z.int().min(1).max(1000).describe('for withdraw, swap and mint, against the price of the plan'),
      maxTickDeviation: z.int().positive().describe('largest distance of the tick from the plan’s when a step is sent'),
      deadlineS: z.int().positive().describe('seconds of block time that each transaction stays valid'),
      maxGasUsdE6: usdE6('reserved for gas, never exceeded'),
    }),
    approval: z
      .literal('required')
      .optional()
      .describe('a person has to approve it before it is begun; absent means none is needed'),
    reservationId: z.string().describe('id of the budget reservation that the executor commits or releases'),
  }),
  key: (data) => data.planId,
});
export type Plan = z.output<typeof rebalancePlanned.schema>;
