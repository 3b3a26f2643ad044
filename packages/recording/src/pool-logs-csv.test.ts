import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { encodeAbiParameters, parseAbiParameters, toEventSelector, toHex } from 'viem';
import { describe, expect, it } from 'vitest';
import { parsePoolLogs, readPoolLogs } from './pool-logs-csv.ts';
import { type RecordedEvent, recordedBlocks } from './recorded-event.ts';
import { RecordingError } from './recording-error.ts';

const header = 'block_number,block_timestamp,transaction_hash,transaction_index,log_index,topics,data';
const owner = '0x00000000000000000000000000000000000000a1';
const other = '0x00000000000000000000000000000000000000b2';
const hash = `0x${'ab'.repeat(32)}` as const;
const word = (value: bigint | number) => toHex(BigInt.asUintN(256, BigInt(value)), { size: 32 });

const topics = {
  swap: [toEventSelector('Swap(address,address,int256,int256,uint160,uint128,int24)'), word(0xa1), word(0xb2)],
  mint: [toEventSelector('Mint(address,address,int24,int24,uint128,uint256,uint256)'), word(0xa1), word(-20), word(30)],
  burn: [toEventSelector('Burn(address,int24,int24,uint128,uint256,uint256)'), word(0xa1), word(-20), word(30)],
  collect: [toEventSelector('Collect(address,address,int24,int24,uint128,uint128)'), word(0xa1), word(-20), word(30)],
};
const data = {
  swap: encodeAbiParameters(parseAbiParameters('int256, int256, uint160, uint128, int24'), [
    -5n,
    7n,
    2n ** 97n,
    9n,
    -3,
  ]),
  mint: encodeAbiParameters(parseAbiParameters('address, uint128, uint256, uint256'), [other, 11n, 12n, 13n]),
  burn: encodeAbiParameters(parseAbiParameters('uint128, uint256, uint256'), [14n, 15n, 16n]),
  collect: encodeAbiParameters(parseAbiParameters('address, uint128, uint128'), [other, 17n, 18n]),
};

type Cells = {
  block?: number | string;
  time?: string;
  tx?: string;
  log?: number | string;
  topics?: string;
  data?: string;
};
const list = (items: readonly string[]) => `"[${items.map((item) => `'${item}'`).join(', ')}]"`;
const row = (kind: keyof typeof topics, cells: Cells = {}): string =>
  [
    cells.block ?? 100,
    cells.time ?? '2024-01-05 00:00:23',
    cells.tx ?? hash,
    4,
    cells.log ?? 1,
    cells.topics ?? list(topics[kind]),
    cells.data ?? data[kind],
  ].join(',');

async function parse(...rows: string[]): Promise<RecordedEvent[]> {
  return Array.fromAsync(parsePoolLogs([[header, ...rows].join('\n')], 'day.csv'));
}

describe('a recording', () => {
  it('gives the four events with all their values', async () => {
    const place = { blockNumber: 100, timestampS: 1_704_412_823, transactionHash: hash, transactionIndex: 4 };
    const range = { owner, tickLower: -20, tickUpper: 30 };
    expect(
      await parse(
        row('swap', { log: 1 }),
        row('mint', { log: 2 }),
        row('burn', { log: 5 }),
        row('collect', { log: 6 }),
      ),
    ).toEqual([
      {
        kind: 'swap',
        ...place,
        logIndex: 1,
        sender: owner,
        recipient: other,
        amount0: -5n,
        amount1: 7n,
        sqrtPriceX96: 2n ** 97n,
        liquidity: 9n,
        tick: -3,
      },
      { kind: 'mint', ...place, ...range, logIndex: 2, liquidity: 11n, amount0: 12n, amount1: 13n },
      { kind: 'burn', ...place, ...range, logIndex: 5, liquidity: 14n, amount0: 15n, amount1: 16n },
      {
        kind: 'collect',
        ...place,
        ...range,
        logIndex: 6,
        recipient: other,
        amount0: 17n,
        amount1: 18n,
      },
    ]);
  });

  it('finds its columns by name', async () => {
    const cells = [data.burn, 'not ours', list(topics.burn), 1, 4, hash, '2024-01-05T00:00:23Z', 100].join(',');
    const reversed = 'data,gas,topics,log_index,transaction_index,transaction_hash,block_timestamp,block_number';
    const events = await Array.fromAsync(parsePoolLogs([`${reversed}\n${cells}`], 'day.csv'));
    expect(events).toEqual(await parse(row('burn')));
  });

  it('is grouped by block, in order', async () => {
    const rows = [row('swap'), row('mint', { log: 2 }), row('swap', { block: 103, time: '2024-01-05 00:00:59' })];
    const blocks = await Array.fromAsync(recordedBlocks(parsePoolLogs([[header, ...rows].join('\n')], 'day.csv')));
    expect(
      blocks.map(({ blockNumber, timestampS, events }) => [blockNumber, timestampS, events.map((e) => e.kind)]),
    ).toEqual([
      [100, 1_704_412_823, ['swap', 'mint']],
      [103, 1_704_412_859, ['swap']],
    ]);
  });

  const later = { time: '2024-01-05 00:00:35' };
  it.each<[string, string[], string]>([
    [
      'a block number that is none',
      [row('swap', { block: '1e3' })],
      'line 2: expected a whole number in "block_number", found "1e3"',
    ],
    ['an impossible date', [row('swap', { time: '2024-02-30 00:00:00' })], 'line 2: expected a UTC time like'],
    ['another zone', [row('swap', { time: '2024-01-05 00:00:23+02:00' })], 'line 2: expected a UTC time like'],
    [
      'a short hash',
      [row('swap', { tx: '0xab' })],
      'line 2: expected 32 bytes of 0x-hex in "transaction_hash", found "0xab"',
    ],
    ['topics that are no list', [row('swap', { topics: '0x1234' })], 'line 2: expected a list of 1 to 4 topics'],
    ['an empty list of topics', [row('swap', { topics: '[]' })], 'line 2: expected a list of 1 to 4 topics'],
    ['unquoted topics', [row('swap', { topics: `[${hash}]` })], 'line 2: expected quoted topics'],
    ['half a byte of data', [row('swap', { data: '0x123' })], 'line 2: expected whole bytes of 0x-hex in "data"'],
    ['data cut off', [row('swap', { data: data.swap.slice(0, 130) })], 'line 2: expected a log of a Uniswap V3 pool'],
    ['another event', [row('swap', { topics: list([hash]) })], 'line 2: expected a log of a Uniswap V3 pool'],
    [
      'a missing field',
      [row('swap').split(',').slice(0, 4).join(',')],
      'line 2: expected a value for "log_index", the row has 4',
    ],
    ['a log twice', [row('swap'), row('burn')], 'line 3: expected rows to rise by block_number and log_index'],
    [
      'an earlier block',
      [row('swap'), row('swap', { block: 99, ...later })],
      'line 3: expected rows to rise by block_number',
    ],
    ['two times in a block', [row('swap'), row('swap', { log: 2, ...later })], 'line 3: expected one block_timestamp'],
    [
      'a clock that stands',
      [row('swap'), row('swap', { block: 101 })],
      'line 3: expected a block_timestamp after that of block 100',
    ],
    ['an open quote', [row('swap', { topics: '"[' })], 'line 2: expected a closing quote'],
    ['no rows', [], 'line 1: expected a header line'],
  ])('refuses %s, with file and line', async (_, rows, message) => {
    const error = await parse(...rows).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RecordingError);
    expect(error).toMatchObject({ message: expect.stringContaining(`day.csv, ${message}`) });
  });

  it('refuses a file without the columns, and one that is not there', async () => {
    const headless = Array.fromAsync(parsePoolLogs(['time,price\n1,2'], 'day.csv'));
    await expect(headless).rejects.toThrow(
      'day.csv, line 1: expected a column "block_number" in the header, found time,price',
    );
    await expect(Array.fromAsync(readPoolLogs('/nowhere/day.csv'))).rejects.toThrow(
      '/nowhere/day.csv: there is no such file',
    );
  });
});

const realDay = fileURLToPath(
  new URL('../../../../shared/data/ethereum-usdc-weth-500-2024-01-05.pool-logs.csv', import.meta.url),
);

describe.skipIf(!existsSync(realDay))('the real day (only where ../shared/data is)', () => {
  it('has the events its description counts', async () => {
    const counts: Record<string, number> = { swap: 0, mint: 0, burn: 0, collect: 0 };
    let last: RecordedEvent | undefined;
    for await (const event of readPoolLogs(realDay)) {
      counts[event.kind] = (counts[event.kind] ?? 0) + 1;
      last = event;
    }
    expect(counts).toEqual({ swap: 6_046, mint: 54, burn: 69, collect: 65 });
    expect(last?.blockNumber).toBe(18_944_480);
  });
});
