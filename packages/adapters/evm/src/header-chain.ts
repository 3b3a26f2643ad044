import type { Hex } from 'viem';

/** As much of a block as it takes to follow the chain. */
export type Link = { readonly number: number; readonly hash: Hex; readonly parentHash: Hex };

/** The last blocks that were followed, oldest first, each the parent of the next. */
export type HeaderChain = readonly Link[];

/** What a new head means for the chain that was followed so far. */
export type Step =
  /** Nothing was followed yet. */
  | { readonly kind: 'start' }
  /** The head is the tip, or a block below it that is still ours: nothing new. */
  | { readonly kind: 'known' }
  /** The head is the tip's child. */
  | { readonly kind: 'extend' }
  /** Blocks are missing between, or another branch won: the ancestor must be looked for. */
  | { readonly kind: 'search' };

/** Decides by number and hashes alone. */
export function decideStep(chain: HeaderChain, head: Link): Step {
  const tip = chain.at(-1);
  if (tip === undefined) return { kind: 'start' };
  if (chain.some((link) => link.hash === head.hash)) return { kind: 'known' };
  if (head.number === tip.number + 1 && head.parentHash === tip.hash) return { kind: 'extend' };
  return { kind: 'search' };
}

/** The chain with one block more, cut to the newest `keep`. Throws a RangeError when the block does not follow. */
export function extendChain(chain: HeaderChain, head: Link, keep: number): HeaderChain {
  const tip = chain.at(-1);
  if (tip !== undefined && (head.number !== tip.number + 1 || head.parentHash !== tip.hash)) {
    throw new RangeError(`block ${head.number} (${head.hash}) does not follow block ${tip.number} (${tip.hash})`);
  }
  const { number, hash, parentHash } = head;
  return [...chain.slice(Math.max(0, chain.length + 1 - keep)), { number, hash, parentHash }];
}

/**
 * Splits the chain at the highest block that `canonical` (the node's hashes by height) still has: `kept` up to it and
 * `dropped` above it, newest first. `lost` says that not even the oldest is on the node's chain: the reorganisation is
 * deeper than what was kept.
 */
export function splitAtAncestor(
  chain: HeaderChain,
  canonical: ReadonlyMap<number, Hex>,
): { readonly kept: HeaderChain; readonly dropped: HeaderChain; readonly lost: boolean } {
  let ancestor = chain.length - 1;
  while (ancestor >= 0) {
    const link = chain[ancestor];
    if (link !== undefined && canonical.get(link.number) === link.hash) break;
    ancestor--;
  }
  return {
    kept: chain.slice(0, ancestor + 1),
    dropped: chain.slice(ancestor + 1).toReversed(),
    lost: ancestor < 0 && chain.length > 0,
  };
}
