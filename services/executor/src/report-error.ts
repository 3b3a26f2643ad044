import type { Bus } from '@rangeward/adapter-nats/bus';
import { errorNotification } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import type { WalletTools } from './wallet-tools.ts';

/** Tells alerts, critically unless told otherwise, of what only a person can put right. That it could not be told is logged and no more. */
export function createReportError(bus: Pick<Bus, 'publish'>, log: Logger): WalletTools['reportError'] {
  return async ({ code, message, severity = 'critical', plan: { run, planId } }) => {
    const about = { chain: run.chain, pool: run.pool, runId: run.id, eventId: planId, subject: null, attempt: null };
    const notice = {
      service: 'executor',
      severity,
      kind: 'degraded',
      code,
      message,
      ...about,
      hop: 0,
    } as const;
    await bus
      .publish(errorNotification, notice, { correlationId: run.id })
      .catch((error: unknown) => log.error({ err: error, code, planId }, 'an error could not be told to alerts'));
  };
}
