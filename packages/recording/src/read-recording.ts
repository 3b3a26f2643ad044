import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ZodError, type z } from 'zod';
import { eventOfLine } from './event-line.ts';
import type { LogPlace, RecordedEvent } from './recorded-event.ts';
import { isMissingFile, RecordingError } from './recording-error.ts';
import { type RecordingFooter, type RecordingHeader, recordingFooter, recordingHeader } from './recording-format.ts';

/** A recording on its way: read the events once, to the end, or leave the loop early; the end checks the footer. */
export type Recording = {
  readonly header: RecordingHeader;
  /** In the order of the chain. Throws RecordingError where the file is not what it claims to be. */
  readonly events: AsyncGenerator<RecordedEvent, RecordingFooter>;
};

type Line = { readonly number: number; readonly text: string };

/**
 * Opens a recording, gzip or plain, and reads its header; the events are read as a stream.
 * @throws RecordingError with file, line and what was expected: no such file, no recording, another version, cut off,
 * altered (counts or hash), events out of order or outside the header's blocks.
 */
export async function readRecording(path: string): Promise<Recording> {
  const lines = textLines(path);
  const first = await lines.next();
  if (first.done) throw new RecordingError(`${path}, line 1: expected a header, the file is empty`);
  const header = headerOf(path, first.value);
  return { header, events: readEvents(path, header, first.value, lines) };
}

async function* readEvents(
  path: string,
  header: RecordingHeader,
  first: Line,
  lines: AsyncGenerator<Line>,
): AsyncGenerator<RecordedEvent, RecordingFooter> {
  const hash = createHash('sha256').update(`${first.text}\n`);
  const counts: Record<string, number> = {};
  let before: LogPlace | undefined;
  let last = first.number;
  for await (const line of lines) {
    last = line.number;
    const value = jsonOf(path, line);
    if (isFooter(value)) return await checkEnd(path, line, value, { counts, sha256: hash.digest('hex') }, lines);
    const event = parsed(path, line, () => eventOfLine(value));
    checkPlace(path, line, header, before, event);
    before = event;
    counts[event.kind] = (counts[event.kind] ?? 0) + 1;
    hash.update(`${line.text}\n`);
    yield event;
  }
  throw new RecordingError(`${path}, line ${last + 1}: expected a footer, the file ends here: it was cut off`);
}

function headerOf(path: string, line: Line): RecordingHeader {
  const value = jsonOf(path, line);
  const version: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'version') : undefined;
  if (typeof version === 'number' && version > 1) {
    throw new RecordingError(`${path}, line 1: expected version 1, found ${version}: written by a newer release`);
  }
  return parsed(path, line, () => recordingHeader.parse(value));
}

async function checkEnd(
  path: string,
  line: Line,
  value: unknown,
  found: { readonly counts: Readonly<Record<string, number>>; readonly sha256: string },
  rest: AsyncGenerator<Line>,
): Promise<RecordingFooter> {
  const footer = parsed(path, line, () => recordingFooter.parse(value));
  const at = `${path}, line ${line.number}`;
  for (const kind of new Set([...Object.keys(footer.events), ...Object.keys(found.counts)])) {
    const [said, counted] = [footer.events[kind] ?? 0, found.counts[kind] ?? 0];
    if (said !== counted) throw new RecordingError(`${at}: expected ${said} events of kind ${kind}, found ${counted}`);
  }
  if (footer.sha256 !== found.sha256) {
    throw new RecordingError(`${at}: expected lines with the SHA-256 ${footer.sha256}, found ${found.sha256}: altered`);
  }
  const more = await rest.next();
  if (!more.done) throw new RecordingError(`${path}, line ${more.value.number}: expected nothing after the footer`);
  return footer;
}

function isFooter(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'end' in value;
}

function checkPlace(
  path: string,
  line: Line,
  { fromBlock, toBlock }: RecordingHeader,
  before: LogPlace | undefined,
  event: LogPlace,
): void {
  const refuse = (expected: string) => {
    throw new RecordingError(`${path}, line ${line.number}: expected ${expected}`);
  };
  const { blockNumber, logIndex, timestampS } = event;
  if (blockNumber < fromBlock || blockNumber > toBlock)
    refuse(`blocks ${fromBlock} to ${toBlock}, found ${blockNumber}`);
  if (before === undefined) return;
  if (blockNumber < before.blockNumber || (blockNumber === before.blockNumber && logIndex <= before.logIndex)) {
    const found = `block ${blockNumber}, log ${logIndex} after block ${before.blockNumber}, log ${before.logIndex}`;
    refuse(`events to rise by block and log index, found ${found}`);
  }
  if (timestampS < before.timestampS) refuse(`a time not before that of block ${before.blockNumber}`);
  if (blockNumber === before.blockNumber && timestampS !== before.timestampS)
    refuse('one time for all logs of a block');
}

function jsonOf(path: string, line: Line): unknown {
  try {
    return JSON.parse(line.text);
  } catch {
    throw new RecordingError(`${path}, line ${line.number}: expected JSON, found ${shorten(line.text)}`);
  }
}

function parsed<T>(path: string, line: Line, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ZodError)) throw error;
    throw new RecordingError(`${path}, line ${line.number}: ${describe(error.issues[0])}`);
  }
}

function describe(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'expected another line';
  return issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`;
}

/** Lines of a file, decompressed when it begins as gzip does; a last line without a line end counts. */
async function* textLines(path: string): AsyncGenerator<Line> {
  let number = 0;
  let rest = '';
  try {
    const decoder = new TextDecoder();
    for await (const chunk of await openText(path)) {
      const [head = '', ...others] = decoder.decode(chunk, { stream: true }).split('\n');
      rest += head;
      for (const next of others) {
        yield { number: ++number, text: rest };
        rest = next;
      }
    }
  } catch (error) {
    throw explain(path, number + 1, error);
  }
  if (rest !== '') yield { number: number + 1, text: rest };
}

async function openText(path: string): Promise<Readable> {
  const magic = Buffer.alloc(2);
  const file = await open(path);
  try {
    await file.read(magic, 0, 2, 0);
  } finally {
    await file.close();
  }
  const bytes = createReadStream(path);
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return bytes;
  // An error of either stream ends the last one, where the loop meets it.
  return pipeline(bytes, createGunzip(), () => undefined);
}

function explain(path: string, line: number, error: unknown): unknown {
  if (isMissingFile(error)) return new RecordingError(`${path}: there is no such file; give the path of a recording`);
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  if (code === 'EISDIR') return new RecordingError(`${path} is a folder; give the path of a recording`);
  if (code === 'Z_BUF_ERROR') {
    return new RecordingError(`${path}, line ${line}: expected more gzip data, the file ends here: it was cut off`);
  }
  if (typeof code === 'string' && code.startsWith('Z_')) {
    return new RecordingError(`${path}, line ${line}: expected gzip data, found something else (${code})`);
  }
  return error;
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}...` : text === '' ? 'an empty line' : text;
}
