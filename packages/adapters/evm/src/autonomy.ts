import type { ChainSettings } from './settings.ts';

/** How far positions may be moved without a person; the words are those of the contracts. */
type Level = 'observe' | 'propose' | 'act';

type Asked = {
  /** What is configured for the whole installation, if anything is. */
  readonly autonomy?: Level | undefined;
  /** The chain's money is not real. */
  readonly local: boolean;
  readonly chain: Pick<ChainSettings, 'pools'>;
  /** The pool's address, lower case, and the position's name. */
  readonly pool: string;
  readonly position: string;
};

/**
 * What a position may do by itself: what is configured for it, else for the installation. Where nothing is configured,
 * real money waits for a person's approval and money that is not real is moved at once.
 */
export function autonomyOf({ autonomy, local, chain, pool, position }: Asked): Level {
  const own = Object.values(chain.pools)
    .find(({ address }) => address === pool)
    ?.positions.find(({ id }) => id === position)?.autonomy;
  return own ?? autonomy ?? (local ? 'act' : 'propose');
}
