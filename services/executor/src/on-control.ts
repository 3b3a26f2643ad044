import { type Handler, on } from '@rangeward/adapter-nats/bus';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { readControl } from '@rangeward/adapter-redis/trading-control';
import { control } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import type { StopWatch } from './watch-stops.ts';

/** A stop that is heard on the bus. One that a person has answered with a later resume is history. */
export function onControl({ redis, stops, log }: { redis: Redis; stops: StopWatch; log: Logger }): Handler {
  return on(control, async ({ data: { action, by, reason, at } }) => {
    // When Redis does not say what was asked since, the stop counts.
    const since = await readControl(redis).catch(() => null);
    if (since?.state === 'running' && Date.parse(since.at) >= Date.parse(at)) {
      return log.info({ action, by, at }, 'trading was resumed after this was asked');
    }
    stops.stop({ state: action === 'kill' ? 'killed' : 'paused', by, reason, through: 'event', at });
  });
}
