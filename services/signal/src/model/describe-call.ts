import { costUsdE6RoundingUp, mostCostUsdE6 } from '@rangeward/adapter-llm/price-usage';
import type { ModelSettings } from '@rangeward/adapter-llm/settings';
import type { EventData, modelConsulted, Opinion, OpinionAnswer } from '@rangeward/contracts';
import { effectOfAnswer } from '../apply-opinion.ts';
import type { AskedQuestion } from './ask-question.ts';
import type { Asking } from './consult-model.ts';
import type { Views } from './score-opinion.ts';
import { PROMPT_VERSION } from './write-prompt.ts';

type Described = Asking & {
  readonly asked: Extract<AskedQuestion, { sent: true }>;
  readonly askedAtMs: number;
  readonly tookMs: number;
  /** Weight that the record had earned when it was asked. */
  readonly weight: number;
};

/** The whole record of a call, as it is said and kept. */
export function describeCall(
  { observed, own, asked, askedAtMs, tookMs, weight }: Described,
  settings: ModelSettings,
): EventData<typeof modelConsulted> {
  const { reply, promptHash, image } = asked;
  const { run } = observed;
  const answer = 'kind' in reply.answer ? null : reply.answer;
  const opinion: Opinion =
    'kind' in reply.answer
      ? reply.answer
      : { kind: 'given', answer: reply.answer, weight, model: settings.name, promptHash, callId: run.id };
  const costUsdE6 = reply.usage === null ? mostCostUsdE6(settings) : costUsdE6RoundingUp(reply.usage, settings.prices);
  return {
    run,
    call: {
      id: run.id,
      model: settings.name,
      promptVersion: PROMPT_VERSION,
      promptHash,
      image,
      askedAt: new Date(askedAtMs).toISOString(),
      tookMs,
      usage: reply.usage,
      costUsdE6,
      pricesAsOf: settings.prices.asOf,
      requestId: reply.requestId,
    },
    opinion,
    views: viewsOf({ observed, own, answer }),
  };
}

/** What is compared when the horizon has passed: the view as it was, and as it would be if the answer had full weight. */
function viewsOf({
  observed,
  own,
  answer,
}: Pick<Asking, 'observed' | 'own'> & { answer: OpinionAnswer | null }): Views {
  const { market } = observed;
  const { centerLog, sigmaLog, horizonS } = own.posterior;
  const effect = answer === null ? null : effectOfAnswer(answer, 1);
  return {
    from: market.block.time,
    horizonEnd: new Date(Date.parse(market.block.time) + horizonS * 1000).toISOString(),
    spotLog: Math.log(Math.max(1, market.pool.priceUsdE6) / 1e6),
    degreesOfFreedom: own.likelihood.degreesOfFreedom,
    without: { centerLog, sigmaLog },
    full: effect && {
      centerLog: centerLog + effect.shiftSigmas * sigmaLog,
      sigmaLog: sigmaLog * effect.widthFactor,
    },
  };
}
