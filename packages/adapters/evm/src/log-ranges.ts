import { isTooManyRequests, toChainError } from './chain-error.ts';

/** Most blocks asked for at once; a node that refuses gets half as many until it answers. */
const MAX_CHUNK_BLOCKS = 10_000;

/**
 * Asks for what lies in blocks `from` to `to`, both included, in ranges that the node does not refuse, in order. Throws the
 * ChainError of a single block that is refused.
 */
export async function readInRanges<Row>(
  blocks: { readonly from: number; readonly to: number },
  ask: (range: { readonly from: number; readonly to: number }) => Promise<readonly Row[]>,
): Promise<Row[]> {
  const rows: Row[] = [];
  let chunk = MAX_CHUNK_BLOCKS;
  for (let from = blocks.from; from <= blocks.to; ) {
    const to = Math.min(blocks.to, from + chunk - 1);
    const answer = await ask({ from, to }).catch((error: unknown) => {
      if (from === to || !isRangeRefusal(error)) throw error;
      return undefined;
    });
    if (answer === undefined) {
      chunk = Math.max(1, (to - from + 1) >> 1);
      continue;
    }
    for (const row of answer) rows.push(row);
    from = to + 1;
    chunk = Math.min(MAX_CHUNK_BLOCKS, chunk * 2);
  }
  return rows;
}

/** Nodes name their limits in many words, so every refusal and time-out is worth one try with less. */
function isRangeRefusal(error: unknown): boolean {
  const { code } = toChainError('', 'eth_getLogs', error);
  if (code === 'rate-limited') return !isTooManyRequests(error);
  return code === 'refused' || code === 'timeout' || code === 'unreachable';
}
