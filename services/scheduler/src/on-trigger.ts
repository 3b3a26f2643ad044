import { type Handler, type MessageContext, onRaw, type RawMessage } from '@rangeward/adapter-nats/bus';
import { type Run, runSkipped, runStarted, type TradingMode } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import { withRunSpan } from '@rangeward/service/telemetry';
import { acceptTrigger, type ManagedPool, type OpenedRun } from './accept-trigger.ts';

type Dependencies = {
  readonly pools: readonly ManagedPool[];
  /** The NFT that a run's position is now; null when nobody has moved or adopted it yet. */
  readonly liveTokenId: (run: Run) => Promise<bigint | null>;
  /** Whether this message is the first with the request in it; a message asked about again gets the same answer. */
  readonly isFirst: (requestId: string, messageId: string) => Promise<boolean>;
  readonly settings: { readonly mode: TradingMode; readonly runTimeoutMs: number };
  readonly log: Logger;
  readonly now: () => number;
};

/** Opens the runs that a trigger asks for. One that waited longer than a run may take is skipped, and the record says so. */
export function handleTriggers({ pools, liveTokenId, isFirst, settings, log, now }: Dependencies): Handler {
  return onRaw(async (message: RawMessage, context: MessageContext) => {
    const acceptance = acceptTrigger(message, pools, settings);
    if (acceptance.kind === 'ignore') {
      log.info({ subject: message.subject }, acceptance.reason);
      return;
    }
    const { requestId } = acceptance;
    if (requestId !== null && !(await isFirst(requestId, message.id))) {
      log.info({ subject: message.subject, requestId }, 'this request was sent before: nothing is opened again');
      return;
    }
    await Promise.all(
      acceptance.runs.map(async ({ run, ...request }) => {
        // Only the positions that are asked for are looked up: a trigger costs the same however many are managed.
        const tokenId = (await liveTokenId(run)) ?? run.tokenId;
        await openRun({ run: { ...run, tokenId }, ...request }, context, log, now);
      }),
    );
  });
}

async function openRun(opened: OpenedRun, context: MessageContext, log: Logger, now: () => number): Promise<void> {
  const { run, ...request } = opened;
  const cause = { correlationId: run.id };
  if (Date.parse(run.deadline) <= now()) {
    const reason = `the trigger of ${run.startedAt} was heard after the deadline ${run.deadline}`;
    await context.publish(runSkipped, { run, code: 'too-late', reason }, cause);
    return;
  }
  await withRunSpan(run.id, { chain: run.chain, trigger: run.trigger }, () =>
    context.publish(runStarted, { run, ...request }, cause),
  );
  log.info(
    { run: run.id, trigger: run.trigger, chain: run.chain, pool: run.pool, position: run.position },
    `run opened: ${opened.reason}`,
  );
}
