import { type Model, openModel } from '@rangeward/adapter-llm/ask-model';
import { createModelBreaker } from '@rangeward/adapter-llm/breaker';
import { openRasteriser, type Rasterise } from '@rangeward/adapter-llm/rasterise';
import type { Broker } from '@rangeward/adapter-nats/broker';
import { type Charts, openCharts } from '@rangeward/adapter-nats/charts';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { createModelCalls } from '@rangeward/adapter-redis/model-calls';
import type { Logger } from '@rangeward/service/log';
import type { Settings } from '../config.ts';
import type { ModelDesk } from './consult-model.ts';

/**
 * Opens what asking a model needs. Without a key, or where it is switched off, nothing is loaded. What is missing beside
 * the key costs opinions or their pictures, never the service: the log says what, once.
 */
export async function openDesk({
  config,
  broker,
  redis,
  now,
  log,
}: {
  readonly config: Settings;
  readonly broker: Broker;
  readonly redis: Redis;
  readonly now: () => number;
  readonly log: Logger;
}): Promise<ModelDesk> {
  const { model: settings, anthropicApiKey: apiKey } = config.signal;
  const breaker = createModelBreaker({
    ...settings.breaker,
    onChange: (state) => log.warn({ state }, 'the breaker of the model changed'),
  });
  const desk = { settings, breaker, calls: createModelCalls(redis), redis, now, log };
  if (!settings.enabled || apiKey === undefined) {
    const why = settings.enabled ? 'no key' : 'switched off';
    log.info({ why }, 'no model is asked');
    return { ...desk, model: null, rasterise: null, charts: null };
  }
  const orNull = <Part>(name: string, part: Promise<Part>): Promise<Part | null> =>
    part.catch((error: unknown) => {
      log.error({ part: name, reason: error instanceof Error ? error.message : String(error) }, 'not there');
      return null;
    });
  const { name: model, baseUrl, maxTokens } = settings;
  const parts: [Model, Rasterise | null, Charts | null] = await Promise.all([
    openModel({ apiKey, baseUrl, model, maxTokens }),
    orNull('drawing charts for the model', openRasteriser()),
    orNull('keeping the charts of the model', openCharts(broker.jsm, config.nats.replicas)),
  ]);
  return { ...desk, model: parts[0], rasterise: parts[1], charts: parts[2] };
}
