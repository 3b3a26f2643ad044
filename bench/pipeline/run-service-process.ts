import { hosted as alerts } from '@rangeward/alerts/hosted';
import type { ServiceName } from '@rangeward/contracts';
import { hosted as decision } from '@rangeward/decision/hosted';
import { hosted as executor } from '@rangeward/executor/hosted';
import { type HostSources, hostService } from '@rangeward/host/host-service';
import { hosted as marketData } from '@rangeward/market-data/hosted';
import { hosted as scheduler } from '@rangeward/scheduler/hosted';
import { createLife, type Life } from '@rangeward/service/life';
import { createLogger } from '@rangeward/service/log';
import { hosted as signal } from '@rangeward/signal/hosted';
import { readTask, sayReady } from '../child.ts';
import { startExecutor, startMarketData } from './without-chain.ts';

/**
 * Services as they run in production: config, log, Redis, bus; one in a process of its own with health and telemetry
 * too, several share a process as a local installation does.
 */
export type ServiceTask = { readonly names: readonly ServiceName[]; readonly configFile: string };

const task = readTask<ServiceTask>();
const life = createLife({ log: createLogger({ service: task.names.join('+') }) });
const sources: HostSources = { files: [task.configFile], env: process.env, alone: task.names.length === 1 };

const start: Record<ServiceName, (of: Life) => Promise<unknown>> = {
  scheduler: (of) => hostService(of, scheduler, sources),
  'market-data': (of) => hostService(of, { ...marketData, start: startMarketData }, sources),
  signal: (of) => hostService(of, signal, sources),
  decision: (of) =>
    hostService(
      of,
      {
        ...decision,
        // A day's limit of moves would end the bench after twenty runs.
        start: ({ config, ...rest }) => {
          const limits = { ...config.decision.limits, rebalancesPerDay: 1_000_000, notionalUsdPerDay: 1e9 };
          return decision.start({ ...rest, config: { ...config, decision: { ...config.decision, limits } } });
        },
      },
      sources,
    ),
  executor: (of) => hostService(of, { ...executor, start: startExecutor }, sources),
  alerts: (of) => hostService(of, alerts, sources),
};

await Promise.all(task.names.map((name) => start[name](life)));
sayReady();
