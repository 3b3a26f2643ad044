import type { RecordedBlock, RecordedSwap } from '@rangeward/recording/recorded-event';
import { describe, expect, it } from 'vitest';
import { type EmptyBlocks, recordedMarketBlocks } from './recording-market.ts';

const address = '0x00000000000000000000000000000000000000A1';
const q96 = 2n ** 96n;

function swap(sqrtPriceX96: bigint, change: Partial<RecordedSwap> = {}): RecordedSwap {
  const place = { blockNumber: 1, timestampS: 0, transactionHash: '0x', transactionIndex: 0, logIndex: 0 } as const;
  const amounts = { amount0: 1n, amount1: -(10n ** 15n), liquidity: 10n ** 18n };
  return { kind: 'swap', ...place, sender: address, recipient: address, ...amounts, tick: 0, sqrtPriceX96, ...change };
}

const block = (blockNumber: number, timestampS: number, events: RecordedBlock['events']): RecordedBlock => ({
  blockNumber,
  timestampS,
  events,
});

async function* streamed(blocks: readonly RecordedBlock[]) {
  yield* blocks;
}

const market = (blocks: readonly RecordedBlock[], emptyBlocks?: EmptyBlocks) =>
  Array.fromAsync(recordedMarketBlocks(streamed(blocks), emptyBlocks === undefined ? {} : { emptyBlocks }));

describe('a recording as a market', () => {
  const burn = { ...swap(q96), kind: 'burn', owner: address, tickLower: 0, tickUpper: 10 } as const;
  const day = [
    block(10, 1_000, [swap(q96), burn, swap(q96 + 5n)]),
    block(11, 1_012, [burn]),
    block(14, 1_048, [swap(q96 - 7n)]),
  ];

  it('opens where the recording begins, then ends every swap on its recorded price at its recorded time', async () => {
    const [opening, ...rest] = await market(day);
    // 1e15 of token1 went out of a liquidity of 1e18: the root price was higher by a thousandth of 2^96.
    const openingPrice = q96 + ((10n ** 15n) << 96n) / 10n ** 18n;
    expect(opening).toEqual({ timestampS: 988, swaps: [{ kind: 'to-price', sqrtPriceX96: openingPrice }] });
    expect(rest).toEqual([
      {
        timestampS: 1_000,
        swaps: [
          { kind: 'to-price', sqrtPriceX96: q96 },
          { kind: 'to-price', sqrtPriceX96: q96 + 5n },
        ],
      },
      { timestampS: 1_048, swaps: [{ kind: 'to-price', sqrtPriceX96: q96 - 7n }] },
    ]);
  });

  it.each<[EmptyBlocks, number[]]>([
    ['skip', [988, 1_000, 1_048]],
    ['one', [988, 1_000, 1_024, 1_048]],
    ['all', [988, 1_000, 1_012, 1_024, 1_036, 1_048]],
  ])('with empty blocks "%s" keeps the clock', async (emptyBlocks, times) => {
    expect((await market(day, emptyBlocks)).map(({ timestampS }) => timestampS)).toEqual(times);
  });

  it.each([
    [
      'token1 came in: the fee did not move the price',
      { amount1: 10n ** 15n },
      q96 - ((9_995n * 10n ** 11n) << 96n) / 10n ** 18n,
    ],
    ['it ended in thin liquidity', { liquidity: 1_000n }, q96],
    ['it ended where nobody is', { liquidity: 0n }, q96],
  ])('finds the price before the first swap when %s', async (_, change, expected) => {
    const [opening] = await market([block(1, 100, [swap(q96, change)])]);
    expect(opening?.swaps).toEqual([{ kind: 'to-price', sqrtPriceX96: expected }]);
  });

  it('is empty when nobody traded', async () => {
    expect(await market([block(1, 100, [burn])])).toEqual([]);
  });
});
