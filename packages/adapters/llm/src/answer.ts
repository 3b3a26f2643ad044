import type { OpinionAnswer } from '@rangeward/contracts';
import { z } from 'zod';

/**
 * Everything a model can say, in words, because words are what it is good at: 3 x 3 x 4 x 3 = 108 answers. Strict: an
 * answer with anything beside is none.
 */
export const answerSchema = z.strictObject({
  direction: z.enum(['down', 'flat', 'up']).describe('where the price is at the end of the horizon, against now'),
  confidence: z.enum(['low', 'medium', 'high']).describe('how sure you are of direction and width'),
  regime: z.enum(['unclear', 'calm', 'normal', 'volatile']).describe('the market over the horizon'),
  width: z.enum(['narrower', 'unchanged', 'wider']).describe('the range of outcomes, against the stated one'),
});

const directions = { down: -1, flat: 0, up: 1 } as const;
const confidences = { low: 0, medium: 1, high: 2 } as const;
const regimes = { unclear: 0, calm: 1, normal: 2, volatile: 3 } as const;
const widths = { narrower: 0, unchanged: 1, wider: 2 } as const;

/** The answer in the contract's numbers; null for text that is not exactly an answer, whatever it is. */
export function readAnswer(text: string): OpinionAnswer | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = answerSchema.safeParse(json);
  if (!parsed.success) return null;
  const { direction, confidence, regime, width } = parsed.data;
  return {
    direction: directions[direction],
    confidence: confidences[confidence],
    regime: regimes[regime],
    width: widths[width],
  };
}
