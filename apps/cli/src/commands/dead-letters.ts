import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import {
  dropDeadLetter,
  listDeadLetters,
  readDeadLetter,
  replayDeadLetter,
} from '@rangeward/adapter-nats/dead-letters';
import { Rejection } from '@rangeward/contracts';
import { CommandFailure } from '../command-failure.ts';
import { type GlobalFlags, type NatsAccess, withNats } from '../operator.ts';
import { exitCodes, printFacts, printJson, printTable } from '../output.ts';
import type { Screen } from '../story/print-story.ts';
import { showControls, showControlsOfLines } from '../story/show-controls.ts';

export async function listLetters(
  flags: GlobalFlags & { limit: number; json: boolean },
  screen: Screen,
): Promise<void> {
  const letters = await withLetters(flags, (broker) => listDeadLetters(broker, { limit: flags.limit }));
  if (flags.json) return printJson(screen, letters);
  if (letters.length === 0) return void screen.write('No dead letters.\n');
  const rows = letters.map((letter) => [
    String(letter.sequence),
    letter.time,
    letter.consumer,
    letter.code,
    letter.subject,
    letter.reason,
  ]);
  printTable(screen, ['number', 'given up', 'consumer', 'code', 'subject', 'reason'], rows);
  screen.write(
    '\nShow one: ./rangeward dlq show <number>; after the cause is mended: ./rangeward dlq replay <number>\n',
  );
}

export async function showLetter(
  number: number,
  flags: GlobalFlags & { json: boolean },
  screen: Screen,
): Promise<void> {
  const { body, headers, ...letter } = await withLetters(flags, (broker) => readDeadLetter(broker, number));
  const text = new TextDecoder().decode(body);
  if (flags.json) return printJson(screen, { ...letter, headers, body: text });
  printFacts(screen, [
    ...Object.entries(letter).map(([name, value]) => [name, String(value)] as const),
    ...Object.entries(headers),
  ]);
  screen.write(`\n${showControlsOfLines(text)}\n`);
}

/** Publishes the message again, with the body of a file when it had to be repaired. */
export async function replayLetter(
  number: number,
  flags: GlobalFlags & { body?: string; json: boolean },
  screen: Screen,
): Promise<void> {
  const body = flags.body === undefined ? {} : { body: await readBody(flags.body) };
  const by = `${userInfo().username}, rangeward dlq replay`;
  const replayed = await withLetters(flags, (broker) => replayDeadLetter(broker, number, { by, ...body }));
  if (flags.json) return printJson(screen, replayed);
  const again = replayed.duplicate ? ' It had been replayed like this before; nothing was added.' : '';
  screen.write(
    `Published again on ${replayed.subject}.${again} The letter stays until ./rangeward dlq drop ${number}.\n`,
  );
}

export async function dropLetter(
  number: number,
  flags: GlobalFlags & { json: boolean },
  screen: Screen,
): Promise<void> {
  const dropped = await withLetters(flags, (broker) => dropDeadLetter(broker, number));
  if (flags.json) return printJson(screen, dropped);
  screen.write(`Dropped ${number}: ${showControls(`${dropped.subject}, ${dropped.reason}`)}\n`);
}

async function readBody(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new CommandFailure(
      `--body ${file} cannot be read: ${error instanceof Error ? error.message : error}`,
      exitCodes.usage,
    );
  }
}

async function withLetters<T>(flags: GlobalFlags, use: (broker: NatsAccess) => Promise<T>): Promise<T> {
  try {
    return await withNats(flags, use);
  } catch (error) {
    if (error instanceof Rejection) throw new CommandFailure(error.message);
    throw error;
  }
}
