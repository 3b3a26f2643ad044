import type { RecordedEvent } from '@rangeward/recording/recorded-event';
import type { FeedReport } from '@rangeward/uniswap-v3/check-feed';
import { printTable } from '../output.ts';
import type { Screen } from '../story/print-story.ts';

const MOST_SHOWN = 50;

/** Says what of a recording is proven, and names every event that does not follow from the ones before it. */
export function tellBreaks(screen: Screen, events: readonly RecordedEvent[], report: FeedReport): void {
  const { swaps, followed, telling, unchecked, breaks } = report;
  screen.write(`${followed} of ${swaps} swaps follow to the wei from the state before them`);
  screen.write(telling === 0 ? '' : `, ${telling} of these told liquidity that nothing else told`);
  screen.write(unchecked === 0 ? '\n' : `; ${unchecked} events came before anything was known\n`);
  if (breaks.length === 0) return;
  screen.write(`${breaks.length} events do not follow: something before each of them is missing, doubled or altered\n`);
  printTable(
    screen,
    ['event', 'block', 'log', 'kind', 'field', 'it says', 'what follows'],
    breaks.slice(0, MOST_SHOWN).map(({ index, kind, field, said, follows }) => {
      const { blockNumber, logIndex } = events[index] ?? {};
      return [`${index}`, `${blockNumber}`, `${logIndex}`, kind, field, said, follows];
    }),
  );
  if (breaks.length > MOST_SHOWN) screen.write(`and ${breaks.length - MOST_SHOWN} more\n`);
}
