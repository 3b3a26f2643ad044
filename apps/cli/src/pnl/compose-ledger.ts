import {
  decodeLineEvents,
  type LineEvent,
  type LineSources,
  paidIntoPool,
} from '@rangeward/adapter-evm/decode-line-events';
import type { ChainLine, LineTransaction } from '@rangeward/adapter-evm/read-line';
import type { PricePoint } from '@rangeward/adapter-evm/read-price-path';
import { type Amounts, amountsForLiquidityRoundingDown, NO_AMOUNTS } from '@rangeward/uniswap-v3/liquidity-amounts';
import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';
import { addAmounts, type LedgerEntry, subtractAmounts } from '@rangeward/uniswap-v3/value-ledger';
import { type Moment, priceAt } from './price-path.ts';

/** An entry with where it stands on the chain, and whose plan it was. */
export type DatedEntry = Moment & {
  readonly entry: LedgerEntry;
  readonly txHash: string;
  /** Null for what was not done by a plan of ours. */
  readonly planId: string | null;
};

export type ComposedLedger = {
  readonly entries: readonly DatedEntry[];
  readonly ranges: ReadonlyMap<bigint, TickRange>;
  /** NFTs that the line's wallet still has, as far as the events tell. */
  readonly held: readonly bigint[];
  readonly idle: Amounts;
  /** Gas of the line's own transactions, wei; in the entries it is there only when the pool has the native coin. */
  readonly gasWei: bigint;
  /** What a person should know: things that were not done by us, and what is not counted. */
  readonly notes: readonly string[];
};

export type LedgerSite = LineSources & {
  /** Which token of the pool is the chain's native coin, wrapped; null when neither. */
  readonly native: 'token0' | 'token1' | null;
};

type Nft = { readonly range: TickRange; liquidity: bigint; ours: boolean };
type Composer = {
  readonly line: ChainLine;
  readonly path: readonly PricePoint[];
  readonly site: LedgerSite;
  readonly entries: DatedEntry[];
  readonly nfts: Map<bigint, Nft>;
  readonly notes: string[];
  idle: Amounts;
  gasWei: bigint;
};
type Context = { readonly transaction: LineTransaction; readonly events: readonly LineEvent[]; readonly own: boolean };

/**
 * What happened to a line, from what the chain says of it. Rules: money goes in from what is idle first, and what is missing is a
 * deposit; liquidity that somebody else paid for is a gift, but for an NFT's first, which its owner is taken to have brought; what
 * is collected to another address is a withdrawal; an NFT that leaves the wallet is withdrawn with its principal at that price.
 */
export function composeLedger(line: ChainLine, path: readonly PricePoint[], site: LedgerSite): ComposedLedger {
  const to: Composer = { line, path, site, entries: [], nfts: new Map(), notes: [], idle: NO_AMOUNTS, gasWei: 0n };
  const ids = new Set(line.tokenIds);
  for (const transaction of line.transactions) {
    const own = transaction.from === line.wallet;
    const events = decodeLineEvents(transaction, site);
    const context = { transaction, events, own };
    if (own) enterGas(to, context);
    for (const event of events) {
      if (event.kind === 'swap') enterSwap(to, context, event);
      else if (ids.has(event.nft)) enterNft(to, context, event);
    }
  }
  return {
    entries: to.entries,
    ranges: new Map([...to.nfts].map(([id, { range }]) => [id, range])),
    held: [...to.nfts].filter(([, { ours }]) => ours).map(([id]) => id),
    idle: to.idle,
    gasWei: to.gasWei,
    notes: to.notes,
  };
}

type Content = LedgerEntry extends infer Entry
  ? Entry extends LedgerEntry
    ? Omit<Entry, 'sqrtPriceX96'>
    : never
  : never;

function push(to: Composer, { transaction }: Context, logIndex: number, content: Content): void {
  const moment = { block: transaction.block, logIndex };
  // The price was taken off a moment ago by `Content`; together they are an entry again.
  const entry = { sqrtPriceX96: priceAt(to.path, moment), ...content } as LedgerEntry;
  to.entries.push({ ...moment, entry, txHash: transaction.hash, planId: transaction.planId });
  if (entry.kind === 'deposit' || entry.kind === 'collect' || entry.kind === 'swap')
    to.idle = addAmounts(to.idle, entry);
  if (entry.kind === 'withdrawal' || entry.kind === 'increase') to.idle = subtractAmounts(to.idle, entry);
}

function enterGas(to: Composer, context: Context): void {
  const { feeWei, logs } = context.transaction;
  to.gasWei += feeWei;
  if (to.site.native === null) return;
  const amounts = to.site.native === 'token0' ? { amount0: feeWei, amount1: 0n } : { amount0: 0n, amount1: feeWei };
  push(to, context, logs[0]?.logIndex ?? 0, { kind: 'gas', ...amounts });
}

/** Brings in what is missing of what is about to be paid. */
function fund(to: Composer, context: Context, logIndex: number, wanted: Amounts): void {
  const missing = (want: bigint, have: bigint) => (want > have ? want - have : 0n);
  const amount0 = missing(wanted.amount0, to.idle.amount0);
  const amount1 = missing(wanted.amount1, to.idle.amount1);
  if (amount0 > 0n || amount1 > 0n) push(to, context, logIndex, { kind: 'deposit', amount0, amount1 });
}

/** Of the line's transactions, only swaps whose output the wallet got: others in the same block's routes are not ours. */
function enterSwap(to: Composer, context: Context, event: Extract<LineEvent, { kind: 'swap' }>): void {
  if (!context.own || event.recipient !== to.line.wallet) return;
  const { logIndex, amount0, amount1 } = event;
  fund(to, context, logIndex, { amount0: -amount0, amount1: -amount1 });
  push(to, context, logIndex, { kind: 'swap', amount0, amount1 });
}

type NftEvent = Exclude<LineEvent, { kind: 'swap' }>;

function enterNft(to: Composer, context: Context, event: NftEvent): void {
  if (event.kind === 'increase') return void enterIncrease(to, context, event);
  if (event.kind === 'transfer') return void enterTransfer(to, context, event);
  const { nft, logIndex, amount0, amount1 } = event;
  const known = to.nfts.get(nft);
  if (known === undefined) return;
  if (event.kind === 'decrease') known.liquidity -= event.liquidity;
  if (!known.ours) return;
  if (context.transaction.planId === null)
    to.notes.push(`NFT ${nft}: ${event.kind} in ${context.transaction.hash}, not by a plan of ours`);
  if (event.kind === 'decrease')
    return void push(to, context, logIndex, { kind: 'decrease', nft, liquidity: event.liquidity, amount0, amount1 });
  push(to, context, logIndex, { kind: 'collect', nft, amount0, amount1 });
  // To the manager itself means: unwrapped and handed on in the same transaction, as the official interface does for ETH.
  if (event.recipient === to.line.wallet || event.recipient === to.site.positionManager) return;
  to.notes.push(`NFT ${nft}: collected to ${event.recipient}, counted as withdrawn`);
  push(to, context, logIndex, { kind: 'withdrawal', amount0, amount1 });
}

function enterIncrease(to: Composer, context: Context, event: Extract<LineEvent, { kind: 'increase' }>): void {
  const { nft, logIndex, liquidity, amount0, amount1, tickLower, tickUpper } = event;
  const known = to.nfts.get(nft) ?? {
    range: { tickLower, tickUpper },
    liquidity: 0n,
    ours: mintedToWallet(to, context, nft),
  };
  const first = !to.nfts.has(nft);
  to.nfts.set(nft, known);
  known.liquidity += liquidity;
  if (!known.ours) return;
  if (first || context.own || paidIntoPool(context.transaction, to.site, to.line.wallet)) {
    fund(to, context, logIndex, { amount0, amount1 });
    return void push(to, context, logIndex, { kind: 'increase', nft, liquidity, amount0, amount1 });
  }
  to.notes.push(`NFT ${nft}: ${context.transaction.from} added liquidity to it, counted as a gift`);
  push(to, context, logIndex, { kind: 'gift', nft, liquidity, amount0, amount1 });
}

function mintedToWallet(to: Composer, { events }: Context, nft: bigint): boolean {
  return events.some((one) => one.kind === 'transfer' && one.nft === nft && one.to === to.line.wallet);
}

/** Mints and burns of the NFT itself move nothing; an NFT that changes hands takes its liquidity with it. */
function enterTransfer(to: Composer, context: Context, event: Extract<LineEvent, { kind: 'transfer' }>): void {
  const { nft, logIndex } = event;
  const known = to.nfts.get(nft);
  const { wallet } = to.line;
  if (known === undefined || (event.from === wallet) === (event.to === wallet)) return;
  known.ours = event.to === wallet;
  if (BigInt(event.to) === 0n) return;
  const { liquidity } = known;
  const sqrtPriceX96 = priceAt(to.path, { block: context.transaction.block, logIndex });
  const principal = amountsForLiquidityRoundingDown({ ...known.range, liquidity, sqrtPriceX96 });
  if (known.ours) {
    fund(to, context, logIndex, principal);
    push(to, context, logIndex, { kind: 'increase', nft, liquidity, ...principal });
    to.notes.push(`NFT ${nft}: came from ${event.from}, its principal then counted as deposited`);
    return;
  }
  push(to, context, logIndex, { kind: 'decrease', nft, liquidity, ...principal });
  push(to, context, logIndex, { kind: 'collect', nft, ...principal });
  push(to, context, logIndex, { kind: 'withdrawal', ...principal });
  to.notes.push(`NFT ${nft}: went to ${event.to}, its principal then counted as withdrawn, its fees then not counted`);
}
