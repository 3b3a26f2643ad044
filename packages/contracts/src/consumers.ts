import type { ServiceName } from './define-event.ts';
import type { StreamName } from './streams.ts';

/**
 * Who hears what: one durable pull consumer each, shared by all replicas of the service. One filter per consumer,
 * because nats-server 2.9 knows no more. Broker permissions and docs/events.md are made from this table too.
 */
export type ConsumerDefinition = {
  readonly durable: string;
  readonly service: ServiceName;
  readonly stream: StreamName;
  readonly filter: string;
  /** How long the broker waits for an ack, a nak or a heartbeat before it delivers again. */
  readonly ackWaitMs: number;
  /** Deliveries before the message goes to the dead letters. */
  readonly maxAttempts: number;
  /** Messages handled at once by one process. */
  readonly concurrency: number;
  /** Where a consumer that did not exist before begins. */
  readonly deliver: 'all' | 'new';
  /** Wait until the broker has recorded the acknowledgement: for work whose repetition is expensive. */
  readonly doubleAck?: boolean;
  /**
   * Handling a message twice, even at once, has one effect by itself: a first delivery is handled without a claim in the
   * inbox, later ones with it.
   */
  readonly repeatable?: boolean;
  /**
   * Handling a message twice has one effect by itself, as it may only save under the run's id and publish. A first delivery
   * is begun while its claim is still asked for, but says nothing before the claim is granted; once handled it is marked
   * and acknowledged within a few milliseconds, together with others.
   */
  readonly eager?: boolean;
  /**
   * Messages gather at the broker for so long and are then taken together: for work that nobody waits for, which would
   * otherwise take the processor from what somebody does.
   */
  readonly gatherMs?: number;
  /** Pause after the first failure, 1,000 by default; doubles with each further one. */
  readonly retryFirstMs?: number;
  /** Longest pause between two tries, a minute by default. */
  readonly retryMostMs?: number;
};

const consumer = (
  service: ServiceName,
  stream: StreamName,
  filter: string,
  options: Partial<Omit<ConsumerDefinition, 'service' | 'stream' | 'filter' | 'durable'>> & { name: string },
): ConsumerDefinition => {
  const { name, ...rest } = options;
  return {
    durable: `${service}-${name}`,
    service,
    stream,
    filter,
    ackWaitMs: 30_000,
    maxAttempts: 3,
    concurrency: 64,
    deliver: 'all',
    ...rest,
  };
};

export const consumers = {
  schedulerTriggers: consumer('scheduler', 'LP_TRIGGERS', 'lp.v1.trigger.>', { name: 'triggers', eager: true }),
  schedulerRequests: consumer('scheduler', 'LP_REQUESTS', 'lp.v1.trigger.manual.>', { name: 'requests', eager: true }),
  // The ledger keeps the first fact of a name, so that no claim need say whether it has it; and no run waits for it.
  ledgerEvents: consumer('scheduler', 'LP_EVENTS', 'lp.v1.>', {
    name: 'ledger-events',
    repeatable: true,
    gatherMs: 25,
  }),
  ledgerPlans: consumer('scheduler', 'LP_PLANS', 'lp.v1.>', { name: 'ledger-plans', repeatable: true, gatherMs: 25 }),
  marketDataRuns: consumer('market-data', 'LP_EVENTS', 'lp.v1.run-started.>', {
    name: 'runs',
    eager: true,
    // A node that is away for a while costs a run some of its time and not the run: it is tried until its deadline, after
    // which the handler itself refuses it.
    maxAttempts: 400,
    retryFirstMs: 250,
    retryMostMs: 10_000,
  }),
  // Not eager: a model that is asked costs money.
  signalMarkets: consumer('signal', 'LP_EVENTS', 'lp.v1.market-observed.>', { name: 'markets' }),
  decisionRecommendations: consumer('decision', 'LP_EVENTS', 'lp.v1.recommendation.>', {
    name: 'recommendations',
    eager: true,
  }),
  executorPlans: consumer('executor', 'LP_PLANS', 'lp.v1.rebalance-planned.>', {
    name: 'plans',
    doubleAck: true,
    // A wallet does one plan at a time; what runs beside it is other chains' plans. A plan that was begun is not given up
    // for a node that is away for a while.
    concurrency: 4,
    maxAttempts: 20,
  }),
  // A stop counts even while the inbox cannot be asked, and to hear it twice changes nothing.
  executorControls: consumer('executor', 'LP_CONTROL', 'lp.v1.control.>', { name: 'controls', repeatable: true }),
  // An approval is carried out where it is heard, as the plan itself would be.
  executorApprovals: consumer('executor', 'LP_CONTROL', 'lp.v1.plan-approved.>', {
    name: 'approvals',
    doubleAck: true,
    concurrency: 4,
    maxAttempts: 20,
  }),
  alertsErrors: consumer('alerts', 'LP_ERRORS', 'lp.v1.error-notification.>', { name: 'errors', concurrency: 256 }),
  alertsRuns: consumer('alerts', 'LP_EVENTS', 'lp.v1.run-completed.>', { name: 'runs' }),
  alertsProposals: consumer('alerts', 'LP_EVENTS', 'lp.v1.plan-proposed.>', { name: 'proposals' }),
  alertsTrades: consumer('alerts', 'LP_PLANS', 'lp.v1.trade-executed.>', { name: 'trades' }),
  alertsDeadLetters: consumer('alerts', 'LP_DLQ', 'lp.v1.dlq.>', { name: 'dead-letters' }),
  alertsAdvisories: consumer('alerts', 'LP_ADVISORIES', '$JS.EVENT.ADVISORY.CONSUMER.>', { name: 'advisories' }),
} as const satisfies Record<string, ConsumerDefinition>;
