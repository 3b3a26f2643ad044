import { bulkhead } from 'cockatiel';
import type { Notice } from './alert.ts';
import type { Channel } from './channels/channel.ts';
import type { OwnFailures } from './own-failures.ts';

/** Notices of one channel on their way at once, and waiting; what comes beyond is dropped, reported and in the log. */
const AT_ONCE = 4;
const WAITING = 200;

/** Takes notices to every channel in the background, so that a dead one holds up neither the others nor the bus. */
export type Delivery = {
  deliver(notice: Notice): void;
  /** Waits for what is under way, at most so long; then it is given up. */
  stop(withinMs: number): Promise<void>;
};

export function startDelivery(channels: readonly Channel[], failures: OwnFailures): Delivery {
  const stopping = new AbortController();
  const underWay = new Set<Promise<void>>();
  const ways = channels.map((channel) => ({ channel, gate: bulkhead(AT_ONCE, WAITING) }));
  return {
    deliver: (notice) => {
      for (const { channel, gate } of ways) {
        const sending: Promise<void> = gate
          .execute(async () => {
            stopping.signal.throwIfAborted();
            await channel.send(notice, stopping.signal);
          })
          .catch((error: unknown) => failures.report(`send-${channel.name}`, error))
          .finally(() => underWay.delete(sending));
        underWay.add(sending);
      }
    },
    stop: async (withinMs) => {
      const timer = setTimeout(() => stopping.abort(), withinMs);
      await Promise.all(underWay);
      clearTimeout(timer);
    },
  };
}
