import type { ChainLine, LineTransaction } from '@rangeward/adapter-evm/read-line';
import type { TradeExecuted } from '@rangeward/contracts';
import { describe, expect, it } from 'vitest';
import { compareWithEvents } from './compare-with-events.ts';
import type { ComposedLedger, DatedEntry } from './compose-ledger.ts';

const planId = 'ab'.repeat(32);
const hash = `0x${'cd'.repeat(32)}` as const;
const wallet = '0x1111111111111111111111111111111111111111';
const transaction: LineTransaction = {
  ...{ hash, from: wallet, to: wallet, nonce: 1, block: 7, index: 0, succeeded: true, feeWei: 500n, marker: null },
  ...{ logs: [], planId },
};
const line: ChainLine = { wallet, tokenIds: [3n, 4n], from: 5, to: 9, transactions: [transaction] };
const collect: DatedEntry = {
  ...{ block: 7, logIndex: 1, txHash: hash, planId },
  entry: { kind: 'collect', nft: 3n, sqrtPriceX96: 1n, amount0: 30n, amount1: 4n },
};
const idle = { amount0: 30n, amount1: 4n };
const ledger: ComposedLedger = { entries: [collect], ranges: new Map(), held: [4n], idle, gasWei: 500n, notes: [] };
const registered = {
  ...{ chain: 'local', pool: '0x0', id: 'main', tokenId: 4n, lineage: [3n, 4n], entry: null, idle, restingPlan: null },
};
/** As far as it is looked at. */
const trade = {
  ...{ planId, mode: 'live', gasWei: 500n, withdrawn: { amount0: 28n, amount1: 4n } },
  ...{ fees: { amount0: 2n, amount1: 0n }, transactions: [{ hash, status: 'success' }] },
} as unknown as TradeExecuted;

describe('compareWithEvents', () => {
  const compare = (change: object, other: object = {}) =>
    compareWithEvents({ line, ledger, registered: { ...registered, ...other }, trades: [{ ...trade, ...change }] });

  it('says nothing where all agree, and of what was only simulated', () => {
    expect(compare({})).toEqual([]);
    expect(compare({ mode: 'paper', gasWei: 1n, withdrawn: null })).toEqual([]);
  });

  it('says what the registry has otherwise', () => {
    expect(compare({}, { lineage: [3n] })).toEqual(['the registry knows NFTs 3; the chain says 3, 4']);
    expect(compare({}, { idle: { amount0: 0n, amount1: 4n } })).toEqual([expect.stringContaining('30 and 4')]);
  });

  it('says what a plan’s event has otherwise: gas, amounts, an outcome, a transaction that is nowhere', () => {
    expect(compare({ gasWei: 499n })).toEqual([expect.stringMatching(/gas of 500 wei on chain, we said 499/)]);
    expect(compare({ fees: null })).toEqual([expect.stringMatching(/30 wei of amount0 came out on chain, we said 28/)]);
    expect(compare({ transactions: [{ hash, status: 'reverted' }] })).toEqual([
      expect.stringMatching(/succeeded on chain, we said reverted/),
    ]);
    const lost = `0x${'ef'.repeat(32)}`;
    expect(compare({ transactions: [{ hash: lost, status: 'success' }] })).toEqual([
      expect.stringContaining(`the chain has no transaction ${lost}`),
    ]);
  });
});
