import type { Usage } from './read-message.ts';
import type { ModelSettings } from './settings.ts';

type Prices = Pick<ModelSettings['prices'], 'inputUsdPerMillion' | 'outputUsdPerMillion'>;

/** Micro-dollars of a usage, rounded up. A dollar a million tokens is a micro-dollar a token. */
export function costUsdE6RoundingUp({ inputTokens, outputTokens }: Usage, prices: Prices): number {
  return Math.ceil(inputTokens * prices.inputUsdPerMillion + outputTokens * prices.outputUsdPerMillion);
}

/** More than the words, the schema and a chart of ours are: an image this large is some 700 tokens, the words some 1,500. */
const MOST_INPUT_TOKENS = 6_000;

/** Micro-dollars that a call can cost at most; a second try included, when the first one's answer was lost on the way. */
export function mostCostUsdE6({ maxTokens, prices }: Pick<ModelSettings, 'maxTokens' | 'prices'>): number {
  return 2 * costUsdE6RoundingUp({ inputTokens: MOST_INPUT_TOKENS, outputTokens: maxTokens }, prices);
}
