import { hostService } from '@rangeward/host/host-service';
import { hosted } from '@rangeward/market-data/hosted';
import { createLife } from '@rangeward/service/life';
import { createLogger } from '@rangeward/service/log';
import { readTask, sayReady } from '../child.ts';

/** market-data as it runs in production, in a process of its own. */
const { configFile } = readTask<{ configFile: string }>();
const life = createLife({ log: createLogger({ service: hosted.name }) });
await hostService(life, hosted, { files: [configFile], env: process.env, alone: true });
sayReady();
