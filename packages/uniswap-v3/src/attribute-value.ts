import type { Attribution, TokenSums, ValueParts } from './attribution.ts';
import { smallerOf } from './full-math.ts';
import { type Amounts, NO_AMOUNTS } from './liquidity-amounts.ts';
import {
  addAmounts,
  type LedgerEntry,
  type Mark,
  type Numeraire,
  type OfNft,
  type Quote,
  quoteAt,
  subtractAmounts,
  valueX192,
} from './value-ledger.ts';

type Nft = { liquidity: bigint; entry: Amounts; owed: Amounts; feesX192: bigint; ilX192: bigint; putInX192: bigint };
type Sums = { -readonly [Name in keyof TokenSums]: Amounts };
type Book = {
  quote: Quote | undefined;
  /** Deposits less withdrawals: what the benchmark holds. */
  hodl: Amounts;
  /** What the line holds, liquidity taken at its entry amounts. */
  held: Amounts;
  readonly nfts: Map<bigint, Nft>;
  readonly sums: Sums;
  readonly parts: { -readonly [Name in keyof ValueParts]: bigint };
  depositedX192: bigint;
  withdrawnX192: bigint;
};

/**
 * Attributes a line's change of value: fees + price (HODL) + IL + gifts + swap cost + gas = change, exactly, in either
 * token. Against HODL the result is the same sum without price; against the other token attribute again in that one.
 * Entries in the order they happened. Throws a RangeError when they use more than the line had, or when liquidity that the
 * entries leave open is not in the mark.
 */
export function attributeValue(of: {
  readonly entries: readonly LedgerEntry[];
  readonly mark: Mark;
  readonly numeraire: Numeraire;
}): Attribution {
  const book = openBook();
  for (const entry of of.entries) {
    const quote = quoteAt(entry.sqrtPriceX96, of.numeraire);
    movePrice(book, quote);
    enter(book, entry, quote);
    if (book.sums.idle.amount0 < 0n || book.sums.idle.amount1 < 0n)
      throw new RangeError(`a ${entry.kind} uses more than the line has: a deposit is missing before it`);
  }
  const quote = quoteAt(of.mark.sqrtPriceX96, of.numeraire);
  movePrice(book, quote);
  return close(book, of.mark, quote);
}

function openBook(): Book {
  const sums: Sums = {
    deposited: NO_AMOUNTS,
    withdrawn: NO_AMOUNTS,
    gifts: NO_AMOUNTS,
    feesCollected: NO_AMOUNTS,
    feesUncollected: NO_AMOUNTS,
    swapped: NO_AMOUNTS,
    fromLiquidity: NO_AMOUNTS,
    gas: NO_AMOUNTS,
    idle: NO_AMOUNTS,
    owed: NO_AMOUNTS,
    principal: NO_AMOUNTS,
  };
  const parts = {
    feesCollectedX192: 0n,
    feesUncollectedX192: 0n,
    priceX192: 0n,
    ilRealisedX192: 0n,
    ilUnrealisedX192: 0n,
    ilCarriedX192: 0n,
    swapCostX192: 0n,
    giftsX192: 0n,
    gasX192: 0n,
  };
  return {
    quote: undefined,
    hodl: NO_AMOUNTS,
    held: NO_AMOUNTS,
    nfts: new Map(),
    sums,
    parts,
    depositedX192: 0n,
    withdrawnX192: 0n,
  };
}

function movePrice(book: Book, quote: Quote): void {
  if (book.quote !== undefined) {
    const change = {
      price0X192: quote.price0X192 - book.quote.price0X192,
      price1X192: quote.price1X192 - book.quote.price1X192,
    };
    book.parts.priceX192 += valueX192(book.hodl, change);
    book.parts.ilCarriedX192 += valueX192(subtractAmounts(book.held, book.hodl), change);
  }
  book.quote = quote;
}

function enter(book: Book, entry: LedgerEntry, quote: Quote): void {
  const { sums, parts } = book;
  const worthX192 = valueX192(entry, quote);
  if ('nft' in entry) enterNft(book, entry, quote, worthX192);
  else if (entry.kind === 'gas') {
    add(sums, 'gas', entry);
    parts.gasX192 -= worthX192;
  } else if (entry.kind === 'swap') {
    add(sums, 'swapped', entry);
    add(sums, 'idle', entry);
    book.held = addAmounts(book.held, entry);
    parts.swapCostX192 += worthX192;
  } else enterFlow(book, entry, worthX192);
}

type FlowEntry = Extract<LedgerEntry, { readonly kind: 'deposit' | 'withdrawal' }>;

function enterFlow(book: Book, entry: FlowEntry, worthX192: bigint): void {
  const [name, sum] =
    entry.kind === 'deposit' ? (['deposited', addAmounts] as const) : (['withdrawn', subtractAmounts] as const);
  book[`${name}X192`] += worthX192;
  add(book.sums, name, entry);
  book.sums.idle = sum(book.sums.idle, entry);
  book.hodl = sum(book.hodl, entry);
  book.held = sum(book.held, entry);
}

type NftEntry = Extract<LedgerEntry, OfNft>;

function enterNft(book: Book, entry: NftEntry, quote: Quote, worthX192: bigint): void {
  const { sums, parts } = book;
  const nft = nftOf(book, entry.nft);
  if (entry.kind === 'increase' || entry.kind === 'gift') {
    nft.liquidity += entry.liquidity;
    nft.entry = addAmounts(nft.entry, entry);
    nft.putInX192 += worthX192;
    sums.fromLiquidity = subtractAmounts(sums.fromLiquidity, entry);
    if (entry.kind === 'increase') sums.idle = subtractAmounts(sums.idle, entry);
    else {
      add(sums, 'gifts', entry);
      book.held = addAmounts(book.held, entry);
      parts.giftsX192 += worthX192;
    }
  } else if (entry.kind === 'decrease') {
    const share = takeEntryShare(nft, entry);
    const changed = subtractAmounts(entry, share);
    nft.owed = addAmounts(nft.owed, entry);
    nft.ilX192 += valueX192(changed, quote);
    parts.ilRealisedX192 += valueX192(changed, quote);
    add(sums, 'fromLiquidity', entry);
    book.held = addAmounts(book.held, changed);
  } else {
    const principal = smallerAmounts(entry, nft.owed);
    const fees = subtractAmounts(entry, principal);
    nft.owed = subtractAmounts(nft.owed, principal);
    nft.feesX192 += valueX192(fees, quote);
    parts.feesCollectedX192 += valueX192(fees, quote);
    add(sums, 'feesCollected', fees);
    add(sums, 'idle', entry);
    book.held = addAmounts(book.held, fees);
  }
}

/** The entry amounts of the liquidity that goes, rounded down; the last to go takes the rest, so that none is lost. */
function takeEntryShare(nft: Nft, entry: NftEntry & { kind: 'decrease' }): Amounts {
  if (entry.liquidity > nft.liquidity)
    throw new RangeError(`NFT ${entry.nft} has less liquidity than was taken from it`);
  const of = (amount: bigint) => (nft.liquidity === 0n ? 0n : (amount * entry.liquidity) / nft.liquidity);
  const share = { amount0: of(nft.entry.amount0), amount1: of(nft.entry.amount1) };
  nft.liquidity -= entry.liquidity;
  nft.entry = subtractAmounts(nft.entry, share);
  return share;
}

function close(book: Book, mark: Mark, quote: Quote): Attribution {
  const { sums, parts } = book;
  for (const { nft: id, principal, collectable } of mark.positions) {
    const nft = nftOf(book, id);
    const fees = subtractAmounts(collectable, nft.owed);
    const ilX192 = valueX192(subtractAmounts(principal, nft.entry), quote);
    nft.ilX192 += ilX192;
    nft.feesX192 += valueX192(fees, quote);
    parts.ilUnrealisedX192 += ilX192;
    parts.feesUncollectedX192 += valueX192(fees, quote);
    add(sums, 'principal', principal);
    add(sums, 'fromLiquidity', principal);
    add(sums, 'feesUncollected', fees);
  }
  const marked = new Set(mark.positions.map(({ nft }) => nft));
  for (const [id, nft] of book.nfts) {
    if (nft.liquidity > 0n && !marked.has(id)) throw new RangeError(`NFT ${id} has liquidity and is not in the mark`);
    add(sums, 'owed', nft.owed);
  }
  const held = [sums.idle, sums.owed, sums.principal, sums.feesUncollected].reduce(addAmounts);
  const heldX192 = valueX192(held, quote);
  return {
    parts,
    depositedX192: book.depositedX192,
    withdrawnX192: book.withdrawnX192,
    valueX192: heldX192,
    hodlValueX192: valueX192(book.hodl, quote),
    changeX192: heldX192 + book.withdrawnX192 - book.depositedX192 + parts.gasX192,
    tokens: sums,
    stages: [...book.nfts].map(([nft, { feesX192, ilX192, putInX192, liquidity }]) => ({
      nft,
      feesX192,
      ilX192,
      putInX192,
      open: liquidity > 0n,
    })),
  };
}

function nftOf(book: Book, id: bigint): Nft {
  const known = book.nfts.get(id);
  if (known !== undefined) return known;
  const fresh: Nft = { liquidity: 0n, entry: NO_AMOUNTS, owed: NO_AMOUNTS, feesX192: 0n, ilX192: 0n, putInX192: 0n };
  book.nfts.set(id, fresh);
  return fresh;
}

function add(sums: Sums, name: keyof Sums, amounts: Amounts): void {
  sums[name] = addAmounts(sums[name], amounts);
}

function smallerAmounts(a: Amounts, b: Amounts): Amounts {
  return {
    amount0: smallerOf(a.amount0, b.amount0),
    amount1: smallerOf(a.amount1, b.amount1),
  };
}
