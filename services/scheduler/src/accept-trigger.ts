import {
  definitionOf,
  type ManualRequest,
  parseData,
  parseJson,
  Rejection,
  type Run,
  runIdOf,
  type TradingMode,
  type TriggerKind,
  unwrapTrigger,
} from '@rangeward/contracts';

/** A pool and its managed positions as configured; a run's NFT is the configured one until it is looked up. */
export type ManagedPool = {
  readonly chain: string;
  readonly pool: string;
  readonly positions: readonly ManagedPosition[];
};

type ManagedPosition = {
  readonly id: string;
  readonly tokenId: bigint;
  /** How long its runs may take, where that differs from the rest. */
  readonly runTimeoutMs?: number;
};

type TriggerMessage = {
  readonly id: string;
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly receivedAtMs: number;
};

export type OpenedRun = {
  readonly run: Run;
  readonly triggerId: string;
  readonly reason: string;
  readonly requestedBy: string | null;
  readonly requestCorrelationId: string | null;
};

type Acceptance =
  | {
      readonly kind: 'open';
      readonly runs: readonly OpenedRun[];
      /** The request's own id where its message does not carry it; it opens its runs once. */
      readonly requestId: string | null;
    }
  | { readonly kind: 'ignore'; readonly reason: string };

type Request = {
  trigger: TriggerKind;
  chain: string;
  pool: string;
  position: string | undefined;
  mode: TradingMode;
  reason: string;
  requestedBy: string | null;
  requestCorrelationId: string | null;
  requestId: string | null;
};

/**
 * Turns a trigger message into the runs it asks for: one for each managed position it means. The same message always
 * gives the same run ids, so two schedulers that hear it open the same runs. Throws Rejection when the message is
 * malformed or names a chain, pool or position that is not managed.
 */
export function acceptTrigger(
  message: TriggerMessage,
  managed: readonly ManagedPool[],
  settings: { mode: TradingMode; runTimeoutMs: number },
): Acceptance {
  const request = readRequest(message, settings.mode);
  if (request === 'error-notification') {
    return { kind: 'ignore', reason: 'an error notification is never work' };
  }
  const pool = findPool(request, managed);
  const positions =
    request.position === undefined ? pool.positions : pool.positions.filter(({ id }) => id === request.position);
  if (positions.length === 0) {
    const known = pool.positions.map(({ id }) => id).join(', ') || 'none';
    throw new Rejection(
      'unknown-position',
      `${request.position ?? 'any position'} is not managed in ${pool.chain}/${pool.pool}; managed: ${known}`,
      {
        field: 'position',
      },
    );
  }
  return {
    kind: 'open',
    requestId: request.requestId,
    runs: positions.map((position) =>
      openRun(message, request, position, position.runTimeoutMs ?? settings.runTimeoutMs),
    ),
  };
}

function openRun(message: TriggerMessage, request: Request, position: ManagedPosition, timeoutMs: number): OpenedRun {
  const key = `${request.chain}/${request.pool}/${position.id}`;
  // Whoever sends a message names its id, so an id means something only among messages of its own kind.
  const triggerId = `${request.trigger}/${message.id}`;
  return {
    run: {
      id: runIdOf(triggerId, key, message.receivedAtMs),
      trigger: request.trigger,
      chain: request.chain,
      pool: request.pool,
      position: position.id,
      tokenId: position.tokenId,
      mode: request.mode,
      startedAt: new Date(message.receivedAtMs).toISOString(),
      deadline: new Date(message.receivedAtMs + timeoutMs).toISOString(),
    },
    triggerId: message.id,
    reason: request.reason,
    requestedBy: request.requestedBy,
    requestCorrelationId: request.requestCorrelationId,
  };
}

function findPool(request: Request, managed: readonly ManagedPool[]): ManagedPool {
  const onChain = managed.filter(({ chain }) => chain === request.chain);
  if (onChain.length === 0) {
    const known = [...new Set(managed.map(({ chain }) => chain))].join(', ') || 'none';
    throw new Rejection('unknown-chain', `${request.chain} is not a configured chain; configured: ${known}`, {
      field: 'chain',
    });
  }
  const pool = onChain.find((candidate) => candidate.pool === request.pool);
  if (pool === undefined) {
    const known = onChain.map((candidate) => candidate.pool).join(', ');
    throw new Rejection(
      'unknown-pool',
      `${request.pool} is not a configured pool of ${request.chain}; configured: ${known}`,
      { field: 'pool' },
    );
  }
  return pool;
}

function readRequest(message: TriggerMessage, mode: TradingMode): Request | 'error-notification' {
  const definition = definitionOf(message.subject);
  switch (definition?.name) {
    case 'trigger.manual':
      return readManual(message, mode);
    case 'trigger.scheduled':
    case 'trigger.price-breach':
    case 'trigger.volatility':
    case 'trigger.gas':
      return readOwn(definition.name, parseData(definition, parseJson(message.body)), mode);
    default:
      throw new Rejection(
        'bad-subject',
        `${message.subject}: expected lp.v1.trigger.<scheduled|manual|price-breach|volatility|gas>.<chain>.<pool>`,
      );
  }
}

function readManual(message: TriggerMessage, mode: TradingMode): Request | 'error-notification' {
  const unwrapped = unwrapTrigger(message);
  if (unwrapped.kind === 'error-notification') return unwrapped.kind;
  const { request } = unwrapped;
  return {
    trigger: 'manual',
    chain: unwrapped.chain,
    pool: unwrapped.pool,
    position: request.position,
    mode: modeOf(request, mode),
    reason: request.reason ?? 'asked for by hand',
    requestedBy: request.requestedBy ?? null,
    requestCorrelationId: request.correlation_id ?? null,
    requestId: unwrapped.requestId,
  };
}

/** A request can ask for less than the configuration allows, never for more. */
function modeOf(request: ManualRequest, configured: TradingMode): TradingMode {
  return request.mode === 'paper' || request.mode === 'dry-run' ? 'paper' : configured;
}

type OwnTrigger = { chain: string; pool: string; position?: string };

function readOwn(name: string, data: unknown, mode: TradingMode): Request {
  // parseData checked it against the trigger's own schema, and all of ours name chain and pool.
  const { chain, pool, position } = data as OwnTrigger;
  const trigger = name.slice('trigger.'.length) as TriggerKind;
  return {
    trigger,
    chain,
    pool,
    position,
    mode,
    reason: describe(data),
    requestedBy: null,
    requestCorrelationId: null,
    requestId: null,
  };
}

function describe(data: unknown): string {
  const fields = data as Record<string, unknown>;
  if ('side' in fields)
    return `tick ${fields.tick} is ${fields.side} the range [${fields.tickLower}, ${fields.tickUpper}) by the buffer of ${fields.bufferTicks}`;
  if ('ratio' in fields) return `volatility is ${Number(fields.ratio).toFixed(2)} times normal`;
  if ('gasPriceWei' in fields) return `gas at ${fields.gasPriceWei} wei, threshold ${fields.thresholdWei} wei`;
  return `schedule ${fields.job}, slot ${fields.slot}`;
}
