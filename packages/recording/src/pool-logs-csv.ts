import { createReadStream } from 'node:fs';
import type { Hex } from 'viem';
import { CsvError, type CsvRecord, csvRecords } from './csv-records.ts';
import { decodePoolEvent, type LogPlace, type RecordedEvent } from './recorded-event.ts';
import { isMissingFile, RecordingError } from './recording-error.ts';

const columns = [
  'block_number',
  'block_timestamp',
  'transaction_hash',
  'transaction_index',
  'log_index',
  'topics',
  'data',
] as const;
type Row = Record<(typeof columns)[number], string>;

/** A log as the node sent it. */
export type RawLog = { readonly place: LogPlace; readonly topics: [Hex, ...Hex[]]; readonly data: Hex };

/**
 * The events in a file of a pool's raw logs, in the order of the chain, read as a stream.
 * @throws RecordingError with file, line and what was expected: see `readRawLogs`.
 */
export function readPoolLogs(path: string): AsyncGenerator<RecordedEvent> {
  return parsePoolLogs(textOf(path), path);
}

/** The same for text that is already here; `name` stands for the file in messages. */
export function parsePoolLogs(
  chunks: AsyncIterable<string> | Iterable<string>,
  name: string,
): AsyncGenerator<RecordedEvent> {
  return parseLogs(chunks, name, (line, { place, topics, data }) => {
    try {
      return decodePoolEvent(place, topics, data);
    } catch (error) {
      const cause = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
      throw new CsvError(line, `expected a log of a Uniswap V3 pool (the oracle's apart): ${cause}`);
    }
  });
}

/**
 * The logs in a CSV file, as demeter-fetch writes them: a header line with (in any order, others are passed over)
 * block_number, block_timestamp (`2024-01-05 00:00:23`, UTC), transaction_hash, transaction_index, log_index, topics (a
 * quoted list, `"['0x...', '0x...']"`) and data. Rows rise strictly by block_number, then log_index.
 * @throws RecordingError with file, line and what was expected.
 */
export function readRawLogs(path: string): AsyncGenerator<RawLog> {
  return parseLogs(textOf(path), path, (_line, log) => log);
}

function textOf(path: string): AsyncIterable<string> {
  return createReadStream(path, { encoding: 'utf8', highWaterMark: 256 * 1024 });
}

async function* parseLogs<T>(
  chunks: AsyncIterable<string> | Iterable<string>,
  name: string,
  decode: (line: number, log: RawLog) => T,
): AsyncGenerator<T> {
  const at = (line: number, expected: string): RecordingError =>
    new RecordingError(`${name}, line ${line}: ${expected}`);
  let indexes: number[] | undefined;
  let before: LogPlace | undefined;
  try {
    for await (const record of csvRecords(chunks)) {
      if (indexes === undefined) {
        indexes = columnIndexes(record);
        continue;
      }
      const log = rawLog(record, rowOf(record, indexes));
      const decoded = decode(record.line, log);
      checkOrder(record.line, before, log.place);
      before = log.place;
      yield decoded;
    }
  } catch (error) {
    if (error instanceof CsvError) throw at(error.line, error.message);
    if (isMissingFile(error))
      throw new RecordingError(`${name}: there is no such file; give the path of a pool's logs`);
    throw error;
  }
  if (before === undefined) throw at(1, `expected a header line (${columns.join(',')}) and at least one row`);
}

function columnIndexes({ line, fields }: CsvRecord): number[] {
  return columns.map((column) => {
    const index = fields.indexOf(column);
    if (index < 0) throw new CsvError(line, `expected a column "${column}" in the header, found ${fields.join(',')}`);
    return index;
  });
}

function rowOf({ line, fields }: CsvRecord, indexes: readonly number[]): Row {
  const cells = columns.map((column, i) => {
    const cell = fields[indexes[i] ?? -1];
    if (cell === undefined)
      throw new CsvError(line, `expected a value for "${column}", the row has ${fields.length} fields`);
    return [column, cell] as const;
  });
  // Object.fromEntries forgets the keys; they are exactly the columns mapped above.
  return Object.fromEntries(cells) as Row;
}

function rawLog({ line }: CsvRecord, row: Row): RawLog {
  const place: LogPlace = {
    blockNumber: integer(line, 'block_number', row.block_number),
    timestampS: utcSeconds(line, row.block_timestamp),
    transactionHash: hex(line, 'transaction_hash', row.transaction_hash, 32),
    transactionIndex: integer(line, 'transaction_index', row.transaction_index),
    logIndex: integer(line, 'log_index', row.log_index),
  };
  return { place, topics: topicList(line, row.topics), data: hex(line, 'data', row.data) };
}

function checkOrder(line: number, before: LogPlace | undefined, event: LogPlace): void {
  if (before === undefined || event.blockNumber > before.blockNumber) {
    if (before === undefined || event.timestampS > before.timestampS) return;
    throw new CsvError(line, `expected a block_timestamp after that of block ${before.blockNumber}`);
  }
  const place = `block ${event.blockNumber}, log ${event.logIndex} after block ${before.blockNumber}, log ${before.logIndex}`;
  if (event.blockNumber < before.blockNumber || event.logIndex <= before.logIndex) {
    throw new CsvError(line, `expected rows to rise by block_number and log_index, found ${place}`);
  }
  if (event.timestampS !== before.timestampS) {
    throw new CsvError(line, `expected one block_timestamp for all rows of block ${event.blockNumber}`);
  }
}

function integer(line: number, column: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new CsvError(line, `expected a whole number in "${column}", found "${text}"`);
}

/** `bytes` undefined takes any whole number of bytes. */
function hex(line: number, column: string, text: string, bytes?: number): Hex {
  const digits = text.length - 2;
  const fits = bytes === undefined ? digits % 2 === 0 : digits === 2 * bytes;
  // The pattern is what the type says.
  if (/^0x[0-9a-fA-F]*$/.test(text) && fits) return text as Hex;
  const size = bytes === undefined ? 'whole bytes' : `${bytes} bytes`;
  throw new CsvError(line, `expected ${size} of 0x-hex in "${column}", found "${shorten(text)}"`);
}

/** `['0x..', '0x..']` (a list as Python prints it; double quotes and missing spaces are taken too). */
function topicList(line: number, text: string): [Hex, ...Hex[]] {
  const inside = /^\[\s*(.*?)\s*\]$/s.exec(text)?.[1];
  const items = inside === undefined || inside === '' ? [] : inside.split(',').map((item) => item.trim());
  const [first, ...rest] = items.map((item) => {
    const quoted = /^(['"])(.*)\1$/.exec(item)?.[2];
    if (quoted === undefined) throw new CsvError(line, `expected quoted topics in "topics", found "${shorten(item)}"`);
    return hex(line, 'topics', quoted, 32);
  });
  if (first !== undefined && rest.length <= 3) return [first, ...rest];
  throw new CsvError(line, `expected a list of 1 to 4 topics like "['0x...', '0x...']", found "${shorten(text)}"`);
}

function utcSeconds(line: number, text: string): number {
  const parts = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(Z|\+00:00)?$/.exec(text);
  const iso = parts === null ? '' : `${parts[1]}T${parts[2]}.000Z`;
  const time = Date.parse(iso);
  // Date.parse takes 30 February for 1 March; the way back tells.
  if (!Number.isNaN(time) && new Date(time).toISOString() === iso) return time / 1000;
  throw new CsvError(
    line,
    `expected a UTC time like 2024-01-05 00:00:23 in "block_timestamp", found "${shorten(text)}"`,
  );
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}
