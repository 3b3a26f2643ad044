import type { Whereabouts } from './detect-breach.ts';

/** An announced breach that is not over: the NFT whose range was left, where to, and the block that was announced. */
export type Episode = { readonly tokenId: string; readonly side: 'below' | 'above'; readonly block: number };

/** What to do with a position's episode after a block. */
type EpisodeStep =
  | { readonly kind: 'keep' }
  /** The price is back inside: the next breach is a new one. */
  | { readonly kind: 'close' }
  | { readonly kind: 'announce'; readonly episode: Episode };

/**
 * One announcement per episode. An episode ends when the price is back inside the range, without the buffer; another
 * NFT or the other side begins a new one. While it lasts it is said again every `rearmBlocks` (0 is never). A block that
 * others are known to follow announces nothing, because a run would find another price: it only ends what is over, and
 * the newest block speaks for all of them.
 */
export function stepEpisode(
  open: Episode | null,
  seen: {
    readonly where: Whereabouts;
    readonly tokenId: string;
    readonly block: number;
    readonly isNewest: boolean;
  },
  rearmBlocks: number,
): EpisodeStep {
  const { where, tokenId, block } = seen;
  if (where === 'inside') return open === null ? { kind: 'keep' } : { kind: 'close' };
  if (where === 'buffer') return { kind: 'keep' };
  const isSame = open !== null && open.tokenId === tokenId && open.side === where;
  if (isSame && !(seen.isNewest && rearmBlocks > 0 && block - open.block >= rearmBlocks)) return { kind: 'keep' };
  if (!seen.isNewest) return open === null ? { kind: 'keep' } : { kind: 'close' };
  return { kind: 'announce', episode: { tokenId, side: where, block } };
}
