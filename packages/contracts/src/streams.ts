/** The JetStream streams. The adapter creates them and reports, never overwrites, a server that disagrees. */
export type StreamDefinition = {
  readonly subjects: readonly string[];
  readonly maxAgeDays: number;
  readonly storage: 'file' | 'memory';
  /** 'new' refuses a message when full, so that nothing unread is ever dropped silently. */
  readonly discard: 'old' | 'new';
  readonly maxBytes: number;
  /** The broker refuses a larger message to its sender; its own limit counts when absent. */
  readonly maxMessageBytes?: number;
  /** Nats-Msg-Id duplicates are refused within this window; the inbox in Redis covers what lies outside it. */
  readonly duplicateWindowS: number;
  readonly description: string;
};

const MiB = 1024 * 1024;

export const streams = {
  LP_TRIGGERS: {
    subjects: [
      'lp.v1.trigger.scheduled.>',
      'lp.v1.trigger.price-breach.>',
      'lp.v1.trigger.volatility.>',
      'lp.v1.trigger.gas.>',
    ],
    maxAgeDays: 7,
    storage: 'file',
    discard: 'new',
    maxBytes: 256 * MiB,
    maxMessageBytes: 64 * 1024,
    duplicateWindowS: 600,
    description: 'what asks for a run by itself: schedule, breach, volatility, gas',
  },
  LP_REQUESTS: {
    // Apart from our own triggers: a stream refuses a second message of one id, and the id of a slot can be guessed, so
    // whoever may ask for a run could otherwise silence the schedule.
    subjects: ['lp.v1.trigger.manual.>'],
    maxAgeDays: 7,
    storage: 'file',
    discard: 'new',
    maxBytes: 128 * MiB,
    // Anybody may ask for a run; nobody needs many words for it, or could fill the stream with few.
    maxMessageBytes: 64 * 1024,
    duplicateWindowS: 600,
    description: 'what a person or another tool asks for',
  },
  LP_TICKS: {
    subjects: ['lp.v1.tick.>'],
    maxAgeDays: 7,
    // A broker that starts again has forgotten a stream in memory altogether, not only what was in it: nobody could say
    // a tick any more, and the listener waits for each one to be taken.
    storage: 'file',
    discard: 'old',
    maxBytes: 128 * MiB,
    duplicateWindowS: 120,
    description:
      'every block in which a watched pool changed; the oldest may go, because the chain can tell them again',
  },
  LP_PLANS: {
    subjects: ['lp.v1.rebalance-planned.>', 'lp.v1.trade-executed.>'],
    maxAgeDays: 365,
    storage: 'file',
    discard: 'new',
    maxBytes: 512 * MiB,
    duplicateWindowS: 600,
    description: 'plans and what became of them, one subject per plan: a plan exists once for ever',
  },
  LP_EVENTS: {
    subjects: [
      'lp.v1.run-started.>',
      'lp.v1.run-skipped.>',
      'lp.v1.market-observed.>',
      'lp.v1.prior-computed.>',
      'lp.v1.model-consulted.>',
      'lp.v1.recommendation.>',
      'lp.v1.model-scored.>',
      'lp.v1.decision-made.>',
      'lp.v1.plan-proposed.>',
      'lp.v1.run-completed.>',
      'lp.v1.breaker-changed.>',
    ],
    maxAgeDays: 365,
    storage: 'file',
    discard: 'new',
    maxBytes: 2048 * MiB,
    duplicateWindowS: 600,
    description: 'every other domain event; with LP_PLANS the source of replay',
  },
  LP_CONTROL: {
    subjects: ['lp.v1.control.>', 'lp.v1.plan-approved.>'],
    maxAgeDays: 365,
    storage: 'file',
    discard: 'new',
    maxBytes: 64 * MiB,
    maxMessageBytes: 64 * 1024,
    duplicateWindowS: 600,
    description: 'what a person says to live trading: stop, and which proposed plan may go on',
  },
  LP_AUDIT: {
    subjects: ['lp.v1.audit.>'],
    maxAgeDays: 3650,
    storage: 'file',
    discard: 'new',
    maxBytes: 256 * MiB,
    maxMessageBytes: 64 * 1024,
    duplicateWindowS: 600,
    description: 'the audit trail: one chain of entries, each with the hash of the one before',
  },
  LP_ERRORS: {
    subjects: ['lp.v1.error-notification.>'],
    maxAgeDays: 30,
    storage: 'file',
    discard: 'old',
    maxBytes: 256 * MiB,
    duplicateWindowS: 120,
    description: 'error notifications; only alerts consumes them, nobody treats them as work',
  },
  LP_DLQ: {
    subjects: ['lp.v1.dlq.>'],
    maxAgeDays: 90,
    storage: 'file',
    discard: 'new',
    maxBytes: 256 * MiB,
    duplicateWindowS: 600,
    description: 'dead letters: the original message with its headers and the reason',
  },
  LP_ADVISORIES: {
    subjects: ['$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>', '$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>'],
    maxAgeDays: 30,
    storage: 'file',
    discard: 'old',
    maxBytes: 64 * MiB,
    duplicateWindowS: 120,
    description: 'what the broker says of deliveries given up: the second net under the dead letters',
  },
} as const satisfies Record<string, StreamDefinition>;

export type StreamName = keyof typeof streams;

/** Where the charts that a model was shown are kept: a bucket of the broker's object store, which is a stream of its own. */
export const chartBucket = {
  name: 'lp-model-charts',
  stream: 'OBJ_lp-model-charts',
  saidBy: 'signal',
  maxAgeDays: 365,
  maxBytes: 1024 * MiB,
  description: 'charts that a model was shown, by run; with model-consulted the record of what it was asked',
} as const;
