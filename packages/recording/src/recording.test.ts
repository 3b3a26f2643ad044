import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { replayEvents } from '@rangeward/uniswap-v3/pool-replay';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEvents } from './read-events.ts';
import { readRecording } from './read-recording.ts';
import type { RecordedEvent } from './recorded-event.ts';
import { RecordingError } from './recording-error.ts';
import { type RecordedStart, type RecordingHeader, startPool } from './recording-format.ts';
import { writeRecording } from './write-recording.ts';

const address = (digit: string) => `0x${digit.repeat(40)}` as const;
const place = (blockNumber: number, logIndex: number) => ({
  ...{ blockNumber, logIndex, timestampS: 1_700_000_000 + 12 * blockNumber, transactionIndex: 3 },
  transactionHash: `0x${'ab'.repeat(32)}` as const,
});
const start: RecordedStart = {
  ...{ sqrtPriceX96: 0n, tick: 0, liquidity: 0n, feeProtocol: 0, protocolFees0: 0n, protocolFees1: 0n },
  ...{ feeGrowthGlobal0X128: 0n, feeGrowthGlobal1X128: 0n, ticks: [], positions: [] },
};
const header: RecordingHeader = {
  ...{ format: 'rangeward-recording', version: 1, chainId: 1, pool: address('9'), feePips: 500, tickSpacing: 10 },
  token0: { address: address('1'), symbol: 'USDC', decimals: 6 },
  token1: { address: address('2'), symbol: 'WETH', decimals: 18 },
  ...{ fromBlock: 100, toBlock: 200, start },
};
const range = { owner: address('a'), tickLower: -20, tickUpper: 30 };
const big = (1n << 256n) - 1n;
const events: RecordedEvent[] = [
  { kind: 'initialize', ...place(100, 0), sqrtPriceX96: 1n << 96n, tick: 0 },
  { kind: 'mint', ...place(100, 1), ...range, liquidity: 10n, amount0: 12n, amount1: 13n },
  {
    ...{ kind: 'swap', ...place(101, 0), blockHash: `0x${'cd'.repeat(32)}` },
    ...{ sender: address('b'), recipient: address('c'), amount0: -5n, amount1: 7n },
    ...{ sqrtPriceX96: (1n << 160n) - 1n, liquidity: 9n, tick: -3 },
  },
  { kind: 'burn', ...place(150, 4), ...range, liquidity: 0n, amount0: 0n, amount1: 0n },
  { kind: 'collect', ...place(150, 5), ...range, recipient: address('c'), amount0: 17n, amount1: 18n },
  { kind: 'flash', ...place(150, 6), amount0: 1n, amount1: 2n, paid0: big, paid1: 4n },
  { kind: 'set-fee-protocol', ...place(160, 0), feeProtocol0: 0, feeProtocol1: 10 },
  { kind: 'collect-protocol', ...place(200, 9), recipient: address('d'), amount0: 3n, amount1: 0n },
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rangeward-recording-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string) => join(folder, name);

async function readAll(path: string) {
  const recording = await readRecording(path);
  return { header: recording.header, events: await Array.fromAsync(recording.events) };
}

describe('a recording', () => {
  it('is read as it was written, with every number exact', async () => {
    const footer = await writeRecording(file('whole.gz'), header, events);
    expect(await readAll(file('whole.gz'))).toEqual({ header, events });
    expect(footer.events).toEqual(Object.fromEntries(events.map(({ kind }) => [kind, 1])));
    expect(await Array.fromAsync(readEvents(file('whole.gz')))).toEqual(events);
  });

  it('may be plain text, may have line ends of its own, and may be empty of events', async () => {
    await writeRecording(file('empty.gz'), { ...header, start: null }, []);
    writeFileSync(file('plain.ndjson'), gunzipSync(readFileSync(file('empty.gz'))));
    expect(await readAll(file('plain.ndjson'))).toEqual({ header: { ...header, start: null }, events: [] });
  });

  it('begins with the pool it describes', async () => {
    const pool = startPool(header);
    expect(pool).toMatchObject({ feePips: 500, tickSpacing: 10, sqrtPriceX96: 0n, knowsPositions: true });
    expect(pool && replayEvents(pool, events.slice(0, 1))).toEqual({ kind: 'followed', events: 1 });
    expect(startPool({ ...header, start: null })).toBeUndefined();
    expect(startPool({ ...header, start: { ...start, ticks: null } })).toBeUndefined();
    expect(startPool({ ...header, start: { ...start, positions: null } })).toMatchObject({ knowsPositions: false });
  });

  it('does not stay half written under its name', async () => {
    async function* failing() {
      yield* events.slice(0, 2);
      throw new Error('the node is gone');
    }
    await expect(writeRecording(file('half.gz'), header, failing())).rejects.toThrow('the node is gone');
    await expect(readRecording(file('half.gz'))).rejects.toThrow('there is no such file');
    await expect(readRecording(file('half.gz.unfinished'))).rejects.toThrow('there is no such file');
  });
});

describe('a recording that is damaged', () => {
  let lines: string[];
  beforeAll(async () => {
    await writeRecording(file('good.gz'), header, events);
    lines = gunzipSync(readFileSync(file('good.gz')))
      .toString()
      .split('\n');
  });
  const altered = (change: (lines: string[]) => string[]) => gzipSync(change([...lines]).join('\n'));
  const swapLine = (from: string, to: string) => altered((all) => all.map((line) => line.replace(from, to)));

  it.each<[string, () => Buffer, string]>([
    ['an empty file', () => Buffer.alloc(0), 'line 1: expected a header, the file is empty'],
    ['no JSON', () => Buffer.from('time,price\n'), 'line 1: expected JSON, found time,price'],
    ['what a terminal would act on', () => Buffer.from('\x1b[2J\u202e\n'), 'line 1: expected JSON, found ?[2J?'],
    ['a header of something else', () => swapLine('rangeward-recording', 'other'), 'line 1: format: Invalid input'],
    ['a later version', () => swapLine('"version":1', '"version":2'), 'line 1: expected version 1, found 2'],
    ['gzip cut off', () => readFileSync(file('good.gz')).subarray(0, -40), 'expected more gzip data'],
    [
      'gzip damaged',
      () => Buffer.from('1f8b0800deadbeef00ffffffffff', 'hex'),
      'expected gzip data, found something else',
    ],
    ['lines cut off', () => altered((all) => all.slice(0, 4)), 'line 5: expected a footer, the file ends here'],
    ['a line cut off', () => altered((all) => [...all.slice(0, 3), '{"kind":"swap"']), 'line 4: expected JSON'],
    ['an empty line', () => altered((all) => all.toSpliced(3, 0, '')), 'line 4: expected JSON, found an empty line'],
    ['a number as a JSON number', () => swapLine('"amount0":"12"', '"amount0":12'), 'line 3: amount0: Invalid input'],
    ['a negative mint', () => swapLine('"12"', '"-12"'), 'line 3: amount0: expected a whole number'],
    ['an unknown kind', () => swapLine('"kind":"mint"', '"kind":"gift"'), 'line 3: kind: Invalid'],
    ['a short hash', () => swapLine('abab', 'ab'), 'line 2: transactionHash: expected 0x and 64 hex digits'],
    [
      'a block before the first',
      () => swapLine('"blockNumber":100', '"blockNumber":99'),
      'blocks 100 to 200, found 99',
    ],
    ['a log twice', () => altered((all) => all.toSpliced(3, 0, all[2]!)), 'line 4: expected events to rise'],
    [
      'two events swapped',
      () => altered((all) => all.with(2, all[3]!).with(3, all[2]!)),
      'line 4: expected events to rise',
    ],
    ['a clock that goes back', () => swapLine('1700001212', '1700000212'), 'line 4: expected a time not before'],
    [
      'two times in a block',
      () => swapLine('"logIndex":5,"timestampS":1700001800', '"logIndex":5,"timestampS":1700001801'),
      'one time for all logs',
    ],
    [
      'an event left out',
      () => altered((all) => all.toSpliced(3, 1)),
      'line 9: expected 1 events of kind swap, found 0',
    ],
    ['an amount altered', () => swapLine('"12"', '"11"'), 'line 10: expected lines with the SHA-256'],
    [
      'something after the end',
      () => altered((all) => [...all.slice(0, -1), '{}']),
      'line 11: expected nothing after the footer',
    ],
  ])('is refused for %s, with file and line', async (_, bytes, message) => {
    writeFileSync(file('bad.gz'), bytes());
    const error = await readAll(file('bad.gz')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RecordingError);
    expect(error).toMatchObject({ message: expect.stringContaining(`bad.gz, `) });
    expect(error).toMatchObject({ message: expect.stringContaining(message) });
  });
});
