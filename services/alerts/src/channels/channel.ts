import type { Logger } from '@rangeward/service/log';
import type { Notice } from '../alert.ts';

/** One way to a person. */
export type Channel = {
  readonly name: string;
  /** Resolves when the notice has arrived; throws after all tries were in vain. */
  send(notice: Notice, signal: AbortSignal): Promise<void>;
};

/** What a channel may use. */
export type ChannelTools = {
  readonly log: Logger;
  /** Takes secrets out of a text before it leaves. */
  readonly scrub: (text: string) => string;
};
