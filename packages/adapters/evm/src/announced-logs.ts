import type { Hex } from 'viem';
import { byPlace, decodePoolLogs, type PoolRow } from './decode-pool-log.ts';

/** As much of a block as its logs tell. */
export type BlockPoint = { readonly number: number; readonly hash: Hex; readonly timestampS: number };

/** Hands rows of a logs subscription on before their block is known, in the order they come. */
export type AnnouncedLogs = {
  /** Takes one notification; throws when it is no log. */
  hear(news: unknown): void;
  /** Resolves when everything heard of so far was handed on. */
  settled(): Promise<void>;
};

/**
 * Rows of the block after `tip()` are handed on at the end of the turn they came in, together with those of the block
 * that came before; others, and those of a node that does not say the block's time, wait for the block itself.
 */
export function announcedLogs(
  tip: () => number | undefined,
  onRows: (block: BlockPoint, rows: readonly PoolRow[]) => Promise<void>,
): AnnouncedLogs {
  let block: BlockPoint | undefined;
  let rows: PoolRow[] = [];
  let isDue = false;
  let telling = Promise.resolve();

  function handOn(): void {
    isDue = false;
    const point = block;
    const heard = rows;
    if (point !== undefined && isNext(point.number)) telling = telling.then(() => onRows(point, heard));
  }

  const isNext = (number: number) => number === (tip() ?? number) + 1;

  return {
    hear(news) {
      for (const row of decodePoolLogs([news])) {
        if (row.timestampS === undefined || !isNext(row.blockNumber)) continue;
        if (block?.hash !== row.blockHash) rows = [];
        block = { number: row.blockNumber, hash: row.blockHash, timestampS: row.timestampS };
        rows = [...rows, row].sort(byPlace);
        if (!isDue) setImmediate(handOn);
        isDue = true;
      }
    },
    settled: () => telling,
  };
}
