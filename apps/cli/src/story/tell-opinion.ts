import type { Opinion, OpinionAnswer, OpinionEffect } from '@rangeward/contracts';

const directions = { '-1': 'down', '0': 'nowhere', '1': 'up' } as const;
const confidences = ['low', 'medium', 'high'] as const;
const regimes = ['cannot say', 'calm', 'normal', 'volatile'] as const;
const widths = ['narrower', 'as it is', 'wider'] as const;

/** The answer in words: `up, high confidence; market normal; range wider`. */
export function tellAnswer({ direction, confidence, regime, width }: OpinionAnswer): string {
  const market = regime === 0 ? regimes[0] : `market ${regimes[regime]}`;
  return `${directions[direction]}, ${confidences[confidence]} confidence; ${market}; range ${widths[width]}`;
}

/** What the model said of a run and how much of it counted, or why it said nothing. */
export function tellOpinion(opinion: Opinion | undefined): string {
  if (opinion === undefined) return 'nobody was asked in those days';
  if (opinion.kind === 'none') return `no opinion (${opinion.reason}): ${opinion.detail}`;
  const counted =
    opinion.weight === 0 ? 'recorded only: it has not earned weight' : `weight ${opinion.weight.toFixed(2)}`;
  return `${tellAnswer(opinion.answer)} (${opinion.model}, ${counted})`;
}

/** What it did to the posterior; nothing to say when it did nothing. */
export function tellEffect(effect: OpinionEffect | undefined): string {
  if (effect === undefined || (effect.shiftSigmas === 0 && effect.widthFactor === 1)) return '';
  return `: centre moved by ${effect.shiftSigmas.toFixed(3)} standard deviations, width by ${effect.widthFactor.toFixed(3)}`;
}
