import {
  type DomainEvent,
  type EventData,
  type Market,
  marketObserved,
  type TradeExecuted,
  tradeExecuted,
} from '@rangeward/contracts';
import { expect, test } from 'vitest';
import { emptyTally, summariseTally, type Tally, tallyEvent } from './tally-events.ts';
import { tellEvent } from './tell-event.ts';

// At a root of 1 a wei of either token is a micro-dollar.
const pool = { stable: 0, sqrtPriceX96: 1n << 96n, priceUsdE6: 3_000_000_000 } as Market['pool'];
const worth = { valueUsdE6: 60_000_000, feesUsdE6: 0, idleUsdE6: 45_000_000, hodlUsdE6: 100_000_000, tokenId: 7n };

// Only what the story reads of an event is given here.
const of = <Data>(data: unknown) => ({ data: data as Data }) as DomainEvent<Data>;
const observed = (position: Partial<Market['position']>) =>
  of<EventData<typeof marketObserved>>({ market: { block: { number: 9 }, pool, position } });

const valueLine = (tally: Tally) => summariseTally(tally).find((line) => line.startsWith('value'));

test('what lies idle in the wallet counts against holding, and gas is said to be apart', () => {
  const tally = tallyEvent(emptyTally, marketObserved, observed(worth));
  expect(valueLine(tally)).toContain(
    '$60.00 in the position, $45.00 idle in the wallet, +$5.00 against holding when last observed (before gas',
  );
  const [line] = tellEvent(marketObserved, observed(worth));
  expect(line?.text).toContain('$45.00 idle in the wallet, +$5.00 against holding before gas');
});

test('messages from before idle amounts were kept, and positions of unknown entry, are told without them', () => {
  const { idleUsdE6: _, ...before } = worth;
  const [old] = tellEvent(marketObserved, observed(before));
  expect(old?.text).toContain('-$40.00 against holding before gas');
  expect(old?.text).not.toContain('idle');
  const [unknown] = tellEvent(marketObserved, observed({ ...worth, hodlUsdE6: null }));
  expect(unknown?.text).not.toContain('against holding');
});

test('a trade moves its leftover from the position to the idle amounts, and leaves the comparison as observed', () => {
  const traded = of<TradeExecuted>({
    outcome: 'confirmed',
    kind: 'rebalance',
    gasUsdE6: 1,
    feesUsdE6: 0,
    swapCostUsdE6: 0,
    valueAfterUsdE6: 59_000_000,
    leftover: { amount0: 1_000_000n, amount1: 2_000_000n },
    tokenIdAfter: 8n,
  });
  const tally = tallyEvent(tallyEvent(emptyTally, marketObserved, observed(worth)), tradeExecuted, traded);
  expect(valueLine(tally)).toContain('$56.00 in the position, $48.00 idle in the wallet, +$5.00 against holding');
});
