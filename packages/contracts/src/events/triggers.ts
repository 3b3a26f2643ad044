import { z } from 'zod';
import { defineEvent } from '../define-event.ts';
import { chainName, hash32, isoTime, poolAddress, positionId, tickIndex, tokenId, uint } from '../quantities.ts';

const where = { chain: chainName, pool: poolAddress };
const block = {
  block: z.int().nonnegative().describe('block number at which it was seen'),
  blockHash: hash32('hash of that block'),
  blockTime: isoTime('time of that block'),
};
const common = { stream: 'LP_TRIGGERS', address: ['chain', 'pool'] } as const;

export const scheduledTrigger = defineEvent({
  ...common,
  name: 'trigger.scheduled',
  description: 'A slot of a schedule came up for a pool.',
  saidBy: ['scheduler'],
  schema: z.object({
    ...where,
    position: positionId.optional(),
    job: z.string().min(1).max(64).describe('name of the schedule'),
    slot: isoTime('the planned time, the same for every scheduler'),
  }),
  key: (data) => `${data.chain}/${data.pool}/${data.position ?? '*'}/${data.job}/${data.slot}`,
});

/** What a person may put into a manual trigger; unknown fields are refused after unwrapping. */
export const manualRequest = z.strictObject({
  mode: z
    .enum(['trade', 'paper', 'dry-run'])
    .optional()
    .describe('trade (default) uses the configured trading mode; paper and dry-run never send a transaction'),
  position: positionId.optional().describe('one managed position; all of the pool when absent'),
  reason: z.string().max(500).optional().describe('why, for the record'),
  requestedBy: z.string().max(100).optional().describe('who asked, for the record'),
  correlation_id: z.string().max(100).optional().describe("the caller's own id, returned in the record"),
});
export type ManualRequest = z.output<typeof manualRequest>;

export const manualTrigger = defineEvent({
  ...common,
  stream: 'LP_REQUESTS',
  name: 'trigger.manual',
  description: 'A person asks for a run now.',
  saidBy: ['person'],
  schema: z.object({ ...where, ...manualRequest.shape }),
  key: () => '',
});

export const priceBreachTrigger = defineEvent({
  ...common,
  name: 'trigger.price-breach',
  description: 'The price left a managed position’s range by at least the buffer.',
  saidBy: ['market-data'],
  schema: z.object({
    ...where,
    ...block,
    position: positionId,
    tokenId,
    tick: tickIndex('tick of the pool after the block'),
    tickLower: tickIndex('lower tick of the position, included'),
    tickUpper: tickIndex('upper tick of the position, excluded'),
    bufferTicks: z.int().nonnegative().describe('how far outside counts as a breach'),
    side: z.enum(['below', 'above']).describe('which end of the range the tick passed'),
  }),
  key: (data) => `${data.chain}/${data.pool}/${data.tokenId}/${data.side}/${data.blockHash}`,
});

export const volatilityTrigger = defineEvent({
  ...common,
  name: 'trigger.volatility',
  description: 'Realised volatility reached a multiple of its normal level; the run widens its prior.',
  saidBy: ['market-data'],
  schema: z.object({
    ...where,
    ...block,
    realisedAnnual: z
      .number()
      .nonnegative()
      .describe('annualised realised volatility of the recent window, 0.6 = 60 %'),
    normalAnnual: z.number().nonnegative().describe('annualised volatility of the look-back'),
    ratio: z.number().nonnegative().describe('realised / normal'),
    thresholdRatio: z.number().positive(),
  }),
  key: (data) => `${data.chain}/${data.pool}/${data.blockHash}`,
});

export const gasTrigger = defineEvent({
  ...common,
  name: 'trigger.gas',
  description: 'The gas price fell to or under the threshold.',
  saidBy: ['market-data'],
  schema: z.object({
    ...where,
    ...block,
    gasPriceWei: uint('base fee plus priority fee, wei'),
    thresholdWei: uint('configured threshold, wei'),
  }),
  key: (data) => `${data.chain}/${data.pool}/${data.blockHash}`,
});
