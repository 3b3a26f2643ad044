import type {
  DomainEvent,
  EventData,
  EventDefinition,
  marketObserved,
  RunResult,
  runCompleted,
  TradeExecuted,
} from '@rangeward/contracts';
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
  readonly valueUsdE6: number | null;
  readonly hodlUsdE6: number | null;
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
  hodlUsdE6: null,
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
    hodlUsdE6: market.position.hodlUsdE6,
    tokenId: market.position.tokenId,
  };
}

function withTrade(tally: Tally, trade: TradeExecuted): Tally {
  if (trade.outcome !== 'confirmed')
    return { ...tally, gasUsdE6: tally.gasUsdE6 + (trade.mode === 'live' ? trade.gasUsdE6 : 0) };
  return {
    ...tally,
    rebalances: tally.rebalances + (trade.kind === 'rebalance' ? 1 : 0),
    collects: tally.collects + (trade.kind === 'collect' ? 1 : 0),
    gasUsdE6: tally.gasUsdE6 + trade.gasUsdE6,
    feesUsdE6: tally.feesUsdE6 + (trade.feesUsdE6 ?? 0),
    swapCostUsdE6: tally.swapCostUsdE6 + (trade.swapCostUsdE6 ?? 0),
    valueUsdE6: trade.valueAfterUsdE6 ?? tally.valueUsdE6,
    tokenId: trade.tokenIdAfter ?? tally.tokenId,
  };
}

function withResult(tally: Tally, { status }: RunResult): Tally {
  if (status !== 'completed' && status !== 'failed' && status !== 'skipped') return tally;
  return { ...tally, [status]: tally[status] + 1 };
}

/** The tally in sentences, for the end of a story. */
export function summariseTally(tally: Tally): string[] {
  const runs = tally.completed + tally.failed + tally.skipped;
  const hodl =
    tally.valueUsdE6 === null || tally.hodlUsdE6 === null
      ? ''
      : ` (${signedUsd(tally.valueUsdE6 - tally.hodlUsdE6)} against holding, when last observed)`;
  return [
    `runs        ${runs}: ${tally.completed} completed, ${tally.skipped} skipped, ${tally.failed} failed`,
    `position    ${tally.rebalances} times moved, ${tally.collects} times collected; NFT ${tally.tokenId ?? 'unknown'}`,
    `value       ${tally.valueUsdE6 === null ? 'not observed' : usd(tally.valueUsdE6)}${hodl}`,
    `money       fees collected ${usd(tally.feesUsdE6)}, gas ${usd(tally.gasUsdE6)}, swap cost ${usd(tally.swapCostUsdE6)}`,
    `market      ${integer(tally.ticks)} blocks with trades${tally.lastPriceUsdE6 === null ? '' : `, last price ${price(tally.lastPriceUsdE6)} USDC per WETH`}`,
    ...(tally.errors > 0 ? [`errors      ${tally.errors} error notifications; see the log`] : []),
  ];
}
