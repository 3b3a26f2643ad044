import { z } from 'zod';
import { defineEvent } from '../define-event.ts';
import {
  chainName,
  isoTime,
  planId,
  poolAddress,
  positionId,
  priceUsdE6,
  runId,
  tickIndex,
  tokenId,
  tradingMode,
  triggerKind,
  uint,
  usdE6,
} from '../quantities.ts';
import { decisionKind } from './decisions.ts';
import { run, runAddress } from './run.ts';

export const runStarted = defineEvent({
  name: 'run-started',
  description: 'A trigger was accepted and a run opened in the ledger.',
  stream: 'LP_EVENTS',
  saidBy: ['scheduler'],
  address: runAddress,
  schema: z.object({
    run,
    triggerId: z.string().describe('id of the trigger message'),
    reason: z.string().describe('why the run was started, for a person'),
    requestedBy: z.string().nullable().describe('who asked, for manual runs'),
    requestCorrelationId: z.string().nullable().describe('the id the caller gave'),
  }),
});

export const runSkipped = defineEvent({
  name: 'run-skipped',
  description: 'The reason for the run was gone before the work began.',
  stream: 'LP_EVENTS',
  saidBy: ['market-data', 'scheduler'],
  address: runAddress,
  schema: z.object({
    run,
    code: z.enum(['price-back-in-range', 'position-gone', 'too-late']),
    reason: z.string().describe('for a person, with the numbers'),
  }),
});

const runStatus = z.enum(['pending', 'running', 'completed', 'failed', 'skipped']);
export type RunStatus = z.output<typeof runStatus>;

/** One record a run; null where the run did not get that far. */
export const runResult = z.object({
  runId,
  status: runStatus,
  trigger: triggerKind,
  chain: chainName,
  pool: poolAddress,
  position: positionId,
  tokenId: tokenId.describe('NFT at the start of the run'),
  mode: tradingMode,
  startedAt: isoTime('when the run was opened'),
  completedAt: isoTime('when its last event was made').nullable(),
  durationMs: z.int().nonnegative().nullable(),
  block: z.int().nonnegative().nullable().describe('block at which the market was read'),
  vwapPriorCenterUsdE6: priceUsdE6('centre of the VWAP prior').nullable(),
  modelDirection: z.string().nullable().describe('what the model said, null without an opinion'),
  modelConfidence: z.string().nullable(),
  posteriorCenterUsdE6: priceUsdE6('centre of the posterior').nullable(),
  recommendedTickLower: tickIndex('lower tick of the recommended range').nullable(),
  recommendedTickUpper: tickIndex('upper tick of the recommended range').nullable(),
  decision: decisionKind.nullable(),
  decisionReason: z.string().nullable(),
  planId: planId.nullable(),
  outcome: z.enum(['confirmed', 'simulated', 'reverted', 'refused']).nullable().describe('what became of the plan'),
  txHashes: z.array(z.string()).describe('transactions of the plan, in order'),
  gasUsed: uint('gas used by all transactions').nullable(),
  gasUsdE6: usdE6('what that gas cost, rounded up').nullable(),
  executionError: z.string().nullable(),
  newTokenId: tokenId.describe('NFT after the run').nullable(),
  positionValueBeforeUsdE6: usdE6('value of the position before').nullable(),
  positionValueAfterUsdE6: usdE6('value of the position after').nullable(),
  hodlUsdE6: usdE6('value of the entry amounts when the market was read').nullable(),
  idleUsdE6: usdE6('what the position’s plans had left in the wallet, when the market was read').nullable().optional(),
  feesCollected0: uint('fees collected in token0').nullable(),
  feesCollected1: uint('fees collected in token1').nullable(),
  feesCollectedUsdE6: usdE6('fees collected').nullable(),
  failure: z.string().nullable().describe('why the run failed or was skipped'),
  requestCorrelationId: z.string().nullable(),
});
export type RunResult = z.output<typeof runResult>;

export const runCompleted = defineEvent({
  name: 'run-completed',
  description: 'The run is over; carries its whole record.',
  stream: 'LP_EVENTS',
  saidBy: ['scheduler'],
  address: runAddress,
  schema: z.object({ run, result: runResult }),
});
