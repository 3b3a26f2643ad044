import { createReadStream } from 'node:fs';
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { eventOfLine, lineOf } from '@rangeward/recording/event-line';
import type { RecordedEvent } from '@rangeward/recording/recorded-event';
import { isMissingFile } from '@rangeward/recording/recording-error';
import type { Hex } from 'viem';
import { z } from 'zod';
import { CommandFailure } from '../command-failure.ts';
import type { Stretch } from './read-pool-events.ts';

/** What is recorded: another question begins another file. */
export type RecordQuestion = {
  readonly chainId: number;
  readonly pool: Hex;
  readonly from: number;
  readonly to: number;
};

/** Events read so far, in a file beside the recording, so that a long reading goes on where it was interrupted. */
export type UnfinishedRecording = {
  /** The last block that is read, with its hash; undefined when nothing is. */
  readonly through: { readonly block: number; readonly hash: Hex } | undefined;
  readonly events: number;
  add(stretch: Stretch): Promise<void>;
  read(): AsyncGenerator<RecordedEvent>;
  remove(): Promise<void>;
};

const question = z.object({ chainId: z.int(), pool: z.string(), from: z.int(), to: z.int() });
const mark = z.object({
  through: z.int(),
  // The pattern is what the type says.
  hash: z
    .string()
    .regex(/^0x[0-9a-f]{64}$/)
    .transform((text) => text as Hex),
  events: z.int(),
});

const AGAIN = { again: true };

/** Opens what an earlier reading left, or begins. Throws a CommandFailure when the file is of another question. */
export async function openUnfinished(path: string, asked: RecordQuestion): Promise<UnfinishedRecording> {
  let { through, events } = await lastMark(path, asked);
  if (through === undefined) await writeFile(path, `${lineOf(asked)}\n`);
  // Ends a line that was cut off; what stands between the last mark and this is read again.
  else await appendFile(path, `\n${lineOf(AGAIN)}\n`);
  return {
    get through() {
      return through;
    },
    get events() {
      return events;
    },
    async add(stretch) {
      events += stretch.events.length;
      const end = { through: stretch.to, hash: stretch.lastHash, events };
      await appendFile(path, [...stretch.events, end].map((line) => `${lineOf(line)}\n`).join(''));
      through = { block: stretch.to, hash: stretch.lastHash };
    },
    read: () => markedEvents(path),
    remove: () => rm(path, { force: true }),
  };
}

async function lastMark(path: string, asked: RecordQuestion): Promise<Pick<UnfinishedRecording, 'through' | 'events'>> {
  let last: z.output<typeof mark> | undefined;
  let isFirst = true;
  for await (const value of linesOf(path)) {
    if (isFirst) checkQuestion(path, asked, question.safeParse(value).data);
    isFirst = false;
    const parsed = mark.safeParse(value);
    if (parsed.success) last = parsed.data;
  }
  if (last === undefined) return { through: undefined, events: 0 };
  return { through: { block: last.through, hash: last.hash }, events: last.events };
}

function checkQuestion(
  path: string,
  asked: RecordQuestion,
  found: RecordQuestion | z.output<typeof question> | undefined,
): void {
  const isSame = found !== undefined && lineOf(question.parse(asked)) === lineOf(found);
  if (!isSame)
    throw new CommandFailure(`${path} was begun for another pool or other blocks; remove it or name another --out`);
}

/** Only events before a mark: what was being written when a reading ended was read again. */
async function* markedEvents(path: string): AsyncGenerator<RecordedEvent> {
  let waiting: RecordedEvent[] = [];
  for await (const value of linesOf(path)) {
    if (mark.safeParse(value).success) {
      yield* waiting;
      waiting = [];
    } else if (isEvent(value)) waiting.push(eventOfLine(value));
    else waiting = [];
  }
}

function isEvent(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

/** Whole lines; one that was cut off is passed over. */
async function* linesOf(path: string): AsyncGenerator<unknown> {
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      const value = jsonOf(line);
      if (value !== undefined) yield value;
    }
  } catch (error) {
    if (!isMissingFile(error)) throw error;
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
