import { readHeader } from '@rangeward/adapter-evm/block-header';
import { ChainError } from '@rangeward/adapter-evm/chain-error';
import type { ChainReader } from '@rangeward/adapter-evm/client';

/** When a chain began, Unix seconds, read once for each; 0 where the node does not keep its first block. */
export type FirstBlocks = (chain: ChainReader) => Promise<number>;

export function rememberFirstBlocks(): FirstBlocks {
  const known = new Map<string, number>();
  return async (chain) => {
    const remembered = known.get(chain.name);
    if (remembered !== undefined) return remembered;
    const timestampS = await readFirst(chain);
    known.set(chain.name, timestampS);
    return timestampS;
  };
}

async function readFirst(chain: ChainReader): Promise<number> {
  try {
    return (await readHeader(chain, 1)).timestampS;
  } catch (error) {
    if (error instanceof ChainError && error.code === 'block-gone') return 0;
    throw error;
  }
}
