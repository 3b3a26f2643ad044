import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { lineOf } from './event-line.ts';
import type { RecordedEvent } from './recorded-event.ts';
import type { RecordingFooter, RecordingHeader } from './recording-format.ts';

/**
 * Writes a recording as gzip. The events come in the order of the chain and are never held all at once. The file appears
 * under its name only when it is whole. Answers its footer.
 */
export async function writeRecording(
  path: string,
  header: RecordingHeader,
  events: AsyncIterable<RecordedEvent> | Iterable<RecordedEvent>,
): Promise<RecordingFooter> {
  const unfinished = `${path}.unfinished`;
  const counts: Record<string, number> = {};
  let footer: RecordingFooter = { end: true, events: counts, sha256: '' };
  async function* lines(): AsyncGenerator<string> {
    const hash = createHash('sha256');
    const hashed = (value: unknown) => {
      const line = `${lineOf(value)}\n`;
      hash.update(line);
      return line;
    };
    yield hashed(header);
    for await (const event of events) {
      counts[event.kind] = (counts[event.kind] ?? 0) + 1;
      yield hashed(event);
    }
    footer = { ...footer, sha256: hash.digest('hex') };
    yield `${lineOf(footer)}\n`;
  }
  try {
    await pipeline(Readable.from(lines()), createGzip({ level: 9 }), createWriteStream(unfinished));
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  return footer;
}
