import { readPoolLogs } from './pool-logs-csv.ts';
import { readRecording } from './read-recording.ts';
import type { RecordedEvent } from './recorded-event.ts';

/**
 * The events of a recording, or of a CSV file of raw logs (a name that ends in `.csv`), whichever the file is; for who
 * needs nothing but what happened.
 * @throws RecordingError with file, line and what was expected.
 */
export async function* readEvents(path: string): AsyncGenerator<RecordedEvent> {
  if (path.toLowerCase().endsWith('.csv')) yield* readPoolLogs(path);
  else yield* (await readRecording(path)).events;
}
