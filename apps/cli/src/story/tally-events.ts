import type {
  DomainEvent,
  EventData,
  EventDefinition,
  Market,
  marketObserved,
  RunResult,
  runCompleted,
  TradeExecuted,
} from '@rangeward/contracts';
import { valueUsdE6 } from '@rangeward/uniswap-v3/price';
import { againstHoldingUsdE6 } from './against-holding.ts';
import { integer, price, signedUsd, usd } from './format-amounts.ts';

/** What a stretch of events adds up to; dollars in micro-dollars. */
export type Tally = {
  readonly completed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly rebalances: number;
  readonly collects: number;
  readonly gasUsdE6: number;
  readonly feesUsdE6: number;
  readonly swapCostUsdE6: number;
  readonly ticks: number;
  readonly errors: number;
  readonly lastPriceUsdE6: number | null;
  /** Worth of the position alone. */
  readonly valueUsdE6: number | null;
  /** What its plans left in the wallet. */
  readonly idleUsdE6: number;
  /** As last observed: both sides of the comparison at the price of one block. */
  readonly againstHoldingUsdE6: number | null;
  /** The pool when it was last observed, by whose price amounts of a trade are valued. */
  readonly pool: Market['pool'] | null;
  readonly tokenId: bigint | null;
};

export const emptyTally: Tally = {
  completed: 0,
  failed: 0,
  skipped: 0,
  rebalances: 0,
  collects: 0,
  gasUsdE6: 0,
  feesUsdE6: 0,
  swapCostUsdE6: 0,
  ticks: 0,
  errors: 0,
  lastPriceUsdE6: null,
  valueUsdE6: null,
  idleUsdE6: 0,
  againstHoldingUsdE6: null,
  pool: null,
  tokenId: null,
};

/** The tally with one more event. */
export function tallyEvent(tally: Tally, definition: EventDefinition, event: DomainEvent): Tally {
  // decodeEvent checked the data against the definition of that name.
  const data = event.data as never;
  switch (definition.name) {
    case 'tick':
      return { ...tally, ticks: tally.ticks + 1, lastPriceUsdE6: (data as { priceUsdE6: number }).priceUsdE6 };
    case 'market-observed':
      return withMarket(tally, data);
    case 'trade-executed':
      return withTrade(tally, data);
    case 'run-completed':
      return withResult(tally, (data as EventData<typeof runCompleted>).result);
    case 'error-notification':
      return { ...tally, errors: tally.errors + 1 };
    default:
      return tally;
  }
}

function withMarket(tally: Tally, { market }: EventData<typeof marketObserved>): Tally {
  return {
    ...tally,
    valueUsdE6: market.position.valueUsdE6,
    idleUsdE6: market.position.idleUsdE6 ?? 0,
    againstHoldingUsdE6: againstHoldingUsdE6(market.position),
    pool: market.pool,
    tokenId: market.position.tokenId,
  };
}

function withTrade(tally: Tally, trade: TradeExecuted): Tally {
  if (trade.outcome !== 'confirmed')
    return { ...tally, gasUsdE6: tally.gasUsdE6 + (trade.mode === 'live' ? trade.gasUsdE6 : 0) };
  const leftUsdE6 = valueOfLeft(tally.pool, trade);
  return {
    ...tally,
    rebalances: tally.rebalances + (trade.kind === 'rebalance' ? 1 : 0),
    collects: tally.collects + (trade.kind === 'collect' ? 1 : 0),
    gasUsdE6: tally.gasUsdE6 + trade.gasUsdE6,
    feesUsdE6: tally.feesUsdE6 + (trade.feesUsdE6 ?? 0),
    swapCostUsdE6: tally.swapCostUsdE6 + (trade.swapCostUsdE6 ?? 0),
    valueUsdE6: trade.valueAfterUsdE6 === null ? tally.valueUsdE6 : trade.valueAfterUsdE6 - leftUsdE6,
    idleUsdE6: tally.idleUsdE6 + leftUsdE6,
    tokenId: trade.tokenIdAfter ?? tally.tokenId,
  };
}

/** What a trade left in the wallet, rounded down. */
function valueOfLeft(pool: Market['pool'] | null, { leftover }: TradeExecuted): number {
  return pool === null || leftover === null ? 0 : Number(valueUsdE6({ ...pool, ...leftover }));
}

function withResult(tally: Tally, { status }: RunResult): Tally {
  if (status !== 'completed' && status !== 'failed' && status !== 'skipped') return tally;
  return { ...tally, [status]: tally[status] + 1 };
}

/** The tally in sentences, for the end of a story. */
export function summariseTally(tally: Tally): string[] {
  const runs = tally.completed + tally.failed + tally.skipped;
  const hodl =
    tally.againstHoldingUsdE6 === null
      ? ''
      : `, ${signedUsd(tally.againstHoldingUsdE6)} against holding when last observed (before gas, which is paid in ETH)`;
  const value =
    tally.valueUsdE6 === null
      ? 'not observed'
      : `${usd(tally.valueUsdE6)} in the position, ${usd(tally.idleUsdE6)} idle in the wallet${hodl}`;
  return [
    `runs        ${runs}: ${tally.completed} completed, ${tally.skipped} skipped, ${tally.failed} failed`,
    `position    ${tally.rebalances} times moved, ${tally.collects} times collected; NFT ${tally.tokenId ?? 'unknown'}`,
    `value       ${value}`,
    `money       fees collected ${usd(tally.feesUsdE6)}, gas ${usd(tally.gasUsdE6)}, swap cost ${usd(tally.swapCostUsdE6)}`,
    `market      ${integer(tally.ticks)} blocks with trades${tally.lastPriceUsdE6 === null ? '' : `, last price ${price(tally.lastPriceUsdE6)} USDC per WETH`}`,
    ...(tally.errors > 0 ? [`errors      ${tally.errors} error notifications; see the log`] : []),
  ];
}
