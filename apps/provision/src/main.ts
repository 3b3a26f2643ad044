import { brokerAccess } from '@rangeward/adapter-nats/access';
import { openBroker } from '@rangeward/adapter-nats/broker';
import { provisionCharts } from '@rangeward/adapter-nats/charts';
import { provisionConsumers, provisionStreams } from '@rangeward/adapter-nats/provision';
import { consumers } from '@rangeward/contracts';
import { loadConfig } from '@rangeward/service/config';
import { createLogger } from '@rangeward/service/log';
import { runProcess } from '@rangeward/service/process';
import { createScrubber } from '@rangeward/service/scrub';
import { environment, settings } from './config.ts';

/**
 * Creates the streams and consumers that are missing and ends: the one step that needs wide rights at the broker, so that
 * the services need none. Ends with 1, naming every difference, when the server has one otherwise than declared.
 */
await runProcess('provision', async (life) => {
  const { config, secrets } = loadConfig({ schema: settings, files: [], env: environment });
  const log = createLogger({ service: 'provision', level: config.log.level, scrub: createScrubber(secrets) });
  life.reportTo(log);
  const access = await brokerAccess(config.nats, 'admin', log);
  const broker = await life.open(
    'broker',
    () => openBroker({ ...access, service: 'admin', log }),
    (opened) => opened.close(),
  );
  await provisionStreams(broker.jsm, { replicas: config.nats.replicas });
  await provisionCharts(broker.jsm, config.nats.replicas);
  await provisionConsumers(broker.jsm);
  log.info({ consumers: Object.keys(consumers).length }, 'streams and consumers are as declared');
  life.end('done');
});
