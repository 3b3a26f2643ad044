import type { Opinion, OpinionAnswer } from '@rangeward/contracts';
import { z } from 'zod';
import { readAnswer } from './answer.ts';

export type NoAnswer = Extract<Opinion, { kind: 'none' }>;

export type Usage = { readonly inputTokens: number; readonly outputTokens: number };

/** What came back from the model: an answer, or why there is none. */
export type ModelReply = {
  readonly answer: OpinionAnswer | NoAnswer;
  /** Null when nothing said what was used. */
  readonly usage: Usage | null;
  /** The provider's name of the request; null when there was none. */
  readonly requestId: string | null;
};

const count = z.int().nonnegative().max(1e9);

/** The parts of a message that are read. The SDK passes on whatever came, which need not be a message at all. */
const message = z.object({
  stop_reason: z.string().nullable(),
  content: z.array(z.looseObject({ type: z.string() })),
  usage: z.object({
    input_tokens: count,
    output_tokens: count,
    cache_creation_input_tokens: count.nullish(),
    cache_read_input_tokens: count.nullish(),
  }),
});

/**
 * Reads an answer of the Messages API. The reason why it stopped comes first: a refusal and an answer that was cut off may
 * hold text that reads well, and are none all the same.
 */
export function readMessage(received: unknown): Pick<ModelReply, 'answer' | 'usage'> {
  const parsed = message.safeParse(received);
  if (!parsed.success) return { answer: noAnswer('malformed', 'the answer is not a message'), usage: null };
  const { usage, stop_reason: stopReason, content } = parsed.data;
  return { answer: readContent(stopReason, content), usage: usageOf(usage) };
}

function readContent(stopReason: string | null, content: readonly Block[]): OpinionAnswer | NoAnswer {
  if (stopReason === 'refusal') return noAnswer('refused', 'the model refused to answer');
  if (stopReason === 'max_tokens' || stopReason === 'model_context_window_exceeded') {
    return noAnswer('cut-off', 'the answer reached the limit of its length');
  }
  if (stopReason !== 'end_turn') return noAnswer('malformed', 'the answer ended in a way that answers do not end');
  const [text, another] = content.filter(({ type }) => type === 'text').map((block) => block.text);
  const answer = typeof text === 'string' && another === undefined ? readAnswer(text) : null;
  return answer ?? noAnswer('malformed', 'the answer is none of those that were offered');
}

type Block = z.output<typeof message>['content'][number];

/** Tokens read from a cache or written to one are input too; counted at the full price, so never too low by much. */
function usageOf(usage: z.output<typeof message>['usage']): Usage {
  const { input_tokens: plain, cache_creation_input_tokens: written, cache_read_input_tokens: read } = usage;
  return { inputTokens: plain + (written ?? 0) + (read ?? 0), outputTokens: usage.output_tokens };
}

/** `detail` is ours alone: what a server wrote is never quoted, it may say anything. */
export function noAnswer(reason: NoAnswer['reason'], detail: string): NoAnswer {
  return { kind: 'none', reason, detail };
}
