import { openAuditNotes } from '@rangeward/adapter-nats/audit-notes';
import { ignoreOthers } from '@rangeward/adapter-nats/bus';
import { deadLetterFromAdvisory } from '@rangeward/adapter-nats/on-advisory';
import type { NatsBus } from '@rangeward/adapter-nats/open-bus';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { consumers } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import { openChannels } from './channels/channel-list.ts';
import type { Settings } from './config.ts';
import { startDelivery } from './deliver-notices.ts';
import { onAdvisory } from './on-advisory.ts';
import { onDeadLetter } from './on-dead-letter.ts';
import { onErrorNotification } from './on-error-notification.ts';
import { onPlanProposed } from './on-plan-proposed.ts';
import { onRunCompleted } from './on-run-completed.ts';
import { onTradeExecuted } from './on-trade-executed.ts';
import { createOwnFailures } from './own-failures.ts';
import { createPauseTrading } from './pause-trading.ts';
import { createRaiseAlert } from './raise-alert.ts';
import { watchBreaker } from './watch-breaker.ts';
import { watchInvariants } from './watch-invariants.ts';
import { watchNodes } from './watch-nodes.ts';

export type Dependencies = {
  /** Opened with `notifyErrors: false`. */
  readonly bus: NatsBus;
  readonly redis: Redis;
  readonly config: Settings;
  readonly log: Logger;
  readonly now: () => number;
  /** Takes secrets out of what leaves for a channel. */
  readonly scrub: (text: string) => string;
};

/** How long a notice that is under way may take when the service stops. */
const LAST_NOTICES_MS = 3_000;
/** And the last entries of the audit trail. */
const LAST_NOTES_MS = 2_000;

/** Everything that may concern a person in, notices out; and the breaker on errors. */
export async function start({ bus, redis, config, log, now, scrub }: Dependencies): Promise<{ stop(): Promise<void> }> {
  const { repeatS, breaker, pause, channels, nodes, audit: auditing } = config.alerts;
  const failures = createOwnFailures(log);
  const delivery = startDelivery(openChannels(channels, { log, scrub }), failures);
  const raise = createRaiseAlert({ redis, delivery, repeatMs: repeatS * 1000, now });
  const watch = watchBreaker({
    bus,
    redis,
    raise,
    failures,
    settings: {
      threshold: breaker.threshold,
      windowMs: breaker.windowS * 1000,
      quietMs: breaker.quietS * 1000,
      checkEveryMs: breaker.checkEveryMs,
    },
    log,
    now,
  });
  const audit = openAuditNotes(bus.broker, 'alerts');
  const pauseTrading = createPauseTrading({ redis, raise, audit, settings: pause, now });
  const nodeWatch = watchNodes({ bus, redis, chains: config.chains, raise, failures, settings: nodes, log, now });
  const invariants = watchInvariants({
    ...{ broker: bus.broker, redis, raise, failures, log, now },
    chains: config.chains,
    settings: { everyMs: auditing.everyS * 1000, windowMs: auditing.windowHours * 3_600_000 },
  });
  const consumptions = await Promise.all([
    bus.consume(consumers.alertsErrors, [onErrorNotification({ raise, noteError: watch.noteError, failures })]),
    bus.consume(consumers.alertsRuns, [onRunCompleted({ redis, raise, pause: pauseTrading, failures })]),
    bus.consume(consumers.alertsProposals, [onPlanProposed({ raise, failures })]),
    bus.consume(consumers.alertsTrades, [onTradeExecuted(audit), ignoreOthers]),
    bus.consume(consumers.alertsDeadLetters, [onDeadLetter({ raise, failures })]),
    bus.consume(consumers.alertsAdvisories, [
      onAdvisory({ writeDeadLetter: (advisory) => deadLetterFromAdvisory(bus.broker, advisory), failures }),
    ]),
  ]);
  return {
    stop: async () => {
      await Promise.all(consumptions.map((consumption) => consumption.stop()));
      await Promise.all([watch.stop(), nodeWatch.stop(), invariants.stop()]);
      await delivery.stop(LAST_NOTICES_MS);
      await audit.close(LAST_NOTES_MS);
    },
  };
}
