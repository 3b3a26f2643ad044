import { checkFeed } from '@rangeward/uniswap-v3/check-feed';
import { type FeeGrowth, tokensOwed } from '@rangeward/uniswap-v3/fee-growth';
import { type OwnedRange, poolFeeGrowthInside } from '@rangeward/uniswap-v3/pool-liquidity';
import { type Pool, positionKey } from '@rangeward/uniswap-v3/pool-state';
import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';
import { DAY_TERMS, type Day, MANAGER, type NftLog } from './read-day.ts';

/** A position opened and closed within the day: what the chain paid beyond its principal, and what the replay reckons. */
export type ClosedPosition = {
  readonly name: string;
  readonly isNft: boolean;
  /** Collect - DecreaseLiquidity of an NFT, Collect - Burn without one, in raw units. */
  readonly paid: { readonly amount0: bigint; readonly amount1: bigint };
  readonly reckoned: { readonly amount0: bigint; readonly amount1: bigint };
};

type Book = {
  readonly name: string;
  readonly isNft: boolean;
  readonly range: TickRange;
  liquidity: bigint;
  inside0: bigint;
  inside1: bigint;
  readonly paid: { amount0: bigint; amount1: bigint };
  readonly reckoned: { amount0: bigint; amount1: bigint };
  /** Whether everything was collected after the last change. */
  isPaidOut: boolean;
};

type Step = {
  readonly kind: 'in' | 'out' | 'paid';
  readonly liquidity: bigint;
  readonly amount0: bigint;
  readonly amount1: bigint;
};

/** Follows the day and keeps a book for each position that was opened in it. */
export function closedPositions(day: Day): ClosedPosition[] {
  const nftLogOf = joinByTransaction(day);
  const books = new Map<string, Book | 'older than the day'>();
  const firstSwap = day.events.findIndex(({ kind }) => kind === 'swap');
  const report = checkFeed(day.events, DAY_TERMS, (index, pool) => {
    const event = day.events[index];
    if (event === undefined || (event.kind !== 'mint' && event.kind !== 'burn' && event.kind !== 'collect')) return;
    const nftLog = nftLogOf.get(index);
    // The manager's own burns of nothing and its collects without a log of an NFT change no book.
    if (event.owner === MANAGER && nftLog === undefined) return;
    const name = nftLog === undefined ? positionKey(event) : `NFT ${nftLog.tokenId}`;
    const isNew = event.kind === 'mint' && index > firstSwap && nftLog?.isOld !== true;
    const book = books.get(name) ?? (isNew ? newBook(name, nftLog !== undefined, event) : 'older than the day');
    books.set(name, book);
    if (book === 'older than the day') return;
    const { amount0, amount1 } = nftLog ?? event;
    const kind = event.kind === 'mint' ? 'in' : event.kind === 'burn' ? 'out' : 'paid';
    const liquidity = event.kind === 'collect' ? 0n : event.liquidity;
    enter(book, insideOf(pool, event), { kind, liquidity, amount0, amount1 });
  });
  if (report.breaks.length > 0) throw new Error('the day does not follow, so its fees cannot be reckoned');
  return [...books.values()]
    .filter((book) => book !== 'older than the day')
    .filter(({ liquidity, isPaidOut }) => liquidity === 0n && isPaidOut)
    .map(({ name, isNft, paid, reckoned }) => ({ name, isNft, paid, reckoned }));
}

function newBook(name: string, isNft: boolean, range: TickRange): Book {
  const nothing = () => ({ amount0: 0n, amount1: 0n });
  const book = { name, isNft, range, liquidity: 0n, inside0: 0n, inside1: 0n };
  return { ...book, paid: nothing(), reckoned: nothing(), isPaidOut: false };
}

/** Fee growth inside at an event: what the pool's position remembers of it, since a burn may have cleared the ticks. */
function insideOf(pool: Pool, event: OwnedRange): FeeGrowth {
  const position = pool.positions.get(positionKey(event));
  if (position === undefined) return poolFeeGrowthInside(pool, event);
  return {
    feeGrowth0X128: position.feeGrowthInside0LastX128,
    feeGrowth1X128: position.feeGrowthInside1LastX128,
  };
}

/** As the pool and the manager do: fees first, by the growth since the last time, rounded down; then the change. */
function enter(book: Book, { feeGrowth0X128, feeGrowth1X128 }: FeeGrowth, step: Step): void {
  if (book.liquidity > 0n) {
    book.reckoned.amount0 += tokensOwed(book.liquidity, feeGrowth0X128, book.inside0);
    book.reckoned.amount1 += tokensOwed(book.liquidity, feeGrowth1X128, book.inside1);
  }
  book.inside0 = feeGrowth0X128;
  book.inside1 = feeGrowth1X128;
  if (step.kind === 'in') book.liquidity += step.liquidity;
  if (step.kind === 'out') book.liquidity -= step.liquidity;
  book.isPaidOut = step.kind === 'paid';
  if (step.kind === 'in') return;
  const sign = step.kind === 'paid' ? 1n : -1n;
  book.paid.amount0 += sign * step.amount0;
  book.paid.amount1 += sign * step.amount1;
}

type Joined = NftLog & { readonly isOld: boolean };

const POOL_KIND = { increase: 'mint', decrease: 'burn', collect: 'collect' } as const;

/** The manager's log that goes with each of the pool's: the next one of the same transaction and kind. */
function joinByTransaction({ events, nftLogs }: Day): ReadonlyMap<number, Joined> {
  const byTransaction = Map.groupBy(
    events.map((event, index) => ({ event, index })),
    ({ event }) => event.transactionHash,
  );
  const joined = new Map<number, Joined>();
  const seen = new Set<bigint>();
  let newest = 0n;
  for (const log of nftLogs) {
    // Ids are given out in order: one that is not above all before it was there already.
    const isOld = !seen.has(log.tokenId) && (log.kind !== 'increase' || log.tokenId <= newest);
    if (!isOld) seen.add(log.tokenId);
    if (log.tokenId > newest) newest = log.tokenId;
    const own = (byTransaction.get(log.transactionHash) ?? []).filter(
      ({ event }) => event.kind === POOL_KIND[log.kind] && event.owner === MANAGER && event.logIndex < log.logIndex,
    );
    const before = own.findLast(
      ({ event, index }) =>
        !joined.has(index) && (event.kind === 'collect' || ('liquidity' in event && event.liquidity === log.liquidity)),
    );
    if (before !== undefined) joined.set(before.index, { ...log, isOld });
  }
  return joined;
}
