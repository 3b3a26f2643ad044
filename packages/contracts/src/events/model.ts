import { z } from 'zod';
import { defineEvent } from '../define-event.ts';
import { isoTime, priceUsdE6, usdE6 } from '../quantities.ts';
import { run, runAddress } from './run.ts';
import { opinion } from './view.ts';

/** One question to a model and what it cost, whatever came of it. */
const modelCall = z
  .object({
    id: z.string().describe('the run’s id: a run asks at most once'),
    model: z.string().describe('name of the model that was asked'),
    promptVersion: z.int().positive().describe('version of the words and the chart; each has a record of its own'),
    promptHash: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .nullable()
      .describe('sha256 of the whole request, image included; null when there was none to send'),
    image: z
      .object({
        bucket: z.string(),
        name: z.string().describe('name of the object in the bucket'),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        bytes: z.int().positive(),
      })
      .nullable()
      .describe('the chart that was sent, in the broker’s object store; null when it could not be kept'),
    askedAt: isoTime('when it was asked'),
    tookMs: z.int().nonnegative(),
    usage: z
      .object({ inputTokens: z.int().nonnegative(), outputTokens: z.int().nonnegative() })
      .nullable()
      .describe('null when no answer said so'),
    costUsdE6: usdE6('price of the usage, rounded up; without a usage what was reserved, because nobody knows'),
    pricesAsOf: z.iso.date().describe('day of the price list that the cost was worked out with'),
    requestId: z.string().nullable().describe('the provider’s name of the request'),
  })
  .describe('the call');
export type ModelCall = z.output<typeof modelCall>;

const view = z.object({
  centerLog: z.number().describe('centre, natural logarithm of the price in USD'),
  sigmaLog: z.number().positive().describe('standard deviation, natural logarithm of the price'),
});

export const modelConsulted = defineEvent({
  name: 'model-consulted',
  description: 'A model was asked for its opinion; the view with and without it, so that it can be scored later.',
  stream: 'LP_EVENTS',
  saidBy: ['signal'],
  address: runAddress,
  schema: z.object({
    run,
    call: modelCall,
    opinion,
    views: z
      .object({
        from: isoTime('time of the block at which it was asked; of the chain, as the horizon is'),
        horizonEnd: isoTime('the moment that the views are about'),
        spotLog: z.number().describe('logarithm of the pool’s price when it was asked'),
        degreesOfFreedom: z.number().min(2).describe('tails of the Student-t by which both views are scored'),
        without: view.describe('the posterior without the opinion'),
        full: view.nullable().describe('the posterior with the opinion at weight 1; null without an opinion'),
      })
      .describe('what is compared when the horizon has passed'),
  }),
});

const score = z.object({
  log: z.number().describe('logarithm of the density at the outcome; higher is better'),
  brier: z.number().min(0).max(1).describe('squared error of the probability of a rise; lower is better'),
});
export type ModelScore = z.output<typeof score>;

export const modelScored = defineEvent({
  name: 'model-scored',
  description: 'The horizon of an opinion has passed, and it was scored against the view without it.',
  stream: 'LP_EVENTS',
  saidBy: ['signal'],
  address: runAddress,
  schema: z.object({
    run: run.describe('the run in which the model was asked'),
    callId: z.string(),
    model: z.string(),
    promptVersion: z.int().positive(),
    from: isoTime('time of the block at which it was asked'),
    outcome: z.object({
      at: isoTime('end of the candle that gave the price'),
      priceUsdE6: priceUsdE6('last price by then'),
      earlyS: z.int().nonnegative().describe('seconds from then to the end of the horizon'),
    }),
    without: score.describe('score of the view without the opinion'),
    full: score.describe('score of the view with the opinion at weight 1'),
  }),
});
