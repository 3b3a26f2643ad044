import { z } from 'zod';
import { defineEvent } from '../define-event.ts';
import { hash32, planId, tickIndex, tokenId, tradingMode, uint, usdE6 } from '../quantities.ts';
import { gate } from './decisions.ts';
import { run, runAddress } from './run.ts';

const transactionRecord = z.object({
  step: z.string().describe('withdraw, approve, swap, mint, ...'),
  hash: hash32('hash of the transaction').nullable().describe('null when it was only simulated'),
  nonce: z.int().nonnegative().nullable(),
  block: z.int().nonnegative().nullable(),
  gasUsed: uint('gas used, or estimated when simulated'),
  effectiveGasPriceWei: uint('price paid for gas, wei'),
  status: z.enum(['success', 'reverted', 'simulated']),
});
export type TransactionRecord = z.output<typeof transactionRecord>;

const pair = (what: string) => z.object({ amount0: uint(`${what}, token0`), amount1: uint(`${what}, token1`) });

export const tradeExecuted = defineEvent({
  name: 'trade-executed',
  description: 'What became of a plan: confirmed, simulated, reverted or refused.',
  stream: 'LP_PLANS',
  saidBy: ['executor'],
  address: [...runAddress, 'planId'],
  once: true,
  schema: z.object({
    planId,
    run,
    mode: tradingMode,
    kind: z.enum(['collect', 'rebalance', 'exit']),
    outcome: z.enum(['confirmed', 'simulated', 'reverted', 'refused']),
    reason: z.string().describe('one sentence; what would have happened when simulated'),
    checks: z.array(gate).describe('what the executor verified before it began'),
    lapsed: z.literal(true).optional().describe('nobody approved it in time: nothing went wrong'),
    transactions: z.array(transactionRecord),
    tokenIdBefore: tokenId,
    tokenIdAfter: tokenId.nullable().describe('the live NFT afterwards; null when none is'),
    tickLower: tickIndex('lower tick of the live position').nullable(),
    tickUpper: tickIndex('upper tick of the live position').nullable(),
    liquidityAfter: uint('liquidity of the live position').nullable(),
    withdrawn: pair('principal taken out').nullable(),
    fees: pair('fees collected').nullable(),
    swap: z
      .object({ zeroForOne: z.boolean(), amountIn: uint('paid into the pool'), amountOut: uint('received') })
      .nullable(),
    minted: pair('put into the new position').nullable(),
    leftover: pair('of this plan’s tokens, left in the wallet').nullable(),
    gasUsed: uint('gas of all transactions'),
    gasWei: uint('cost of gas of all transactions, wei'),
    gasUsdE6: usdE6('the same in dollars, rounded up'),
    feesUsdE6: usdE6('fees collected, at the price after').nullable(),
    swapCostUsdE6: usdE6('fee and impact of the swap, against the price before').nullable(),
    valueBeforeUsdE6: usdE6('position with its fees, at the price before'),
    valueAfterUsdE6: usdE6('position and leftover, at the price after').nullable(),
  }),
  key: (data) => data.planId,
});
export type TradeExecuted = z.output<typeof tradeExecuted.schema>;
