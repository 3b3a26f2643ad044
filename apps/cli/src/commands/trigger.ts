import { randomUUID } from 'node:crypto';
import { headersOf, readHeaders } from '@rangeward/adapter-nats/incoming-message';
import {
  decodeEvent,
  definitionOf,
  type EventDefinition,
  Rejection,
  type RunResult,
  unwrapTrigger,
} from '@rangeward/contracts';
import { CommandFailure } from '../command-failure.ts';
import type { Settings } from '../config.ts';
import { type GlobalFlags, type NatsAccess, withNats } from '../operator.ts';
import { exitCodes, printJson } from '../output.ts';
import { short } from '../story/format-amounts.ts';
import { printLine, type Screen } from '../story/print-story.ts';
import { tellEvent } from '../story/tell-event.ts';

export type TriggerFlags = GlobalFlags & {
  readonly chain?: string;
  readonly pool?: string;
  readonly position?: string;
  readonly mode?: string;
  readonly reason?: string;
  readonly wait: boolean;
  readonly timeoutS: number;
  readonly json: boolean;
};

/** Asks for a run and, unless told not to, follows it to its end. Returns the exit code: 1 when a run failed. */
export async function trigger(flags: TriggerFlags, screen: Screen): Promise<number> {
  return withNats(flags, async (broker, config) => {
    const place = choosePool(config, flags);
    const correlationId = randomUUID();
    const request = {
      ...(flags.mode === undefined ? {} : { mode: flags.mode }),
      ...(flags.position === undefined ? {} : { position: flags.position }),
      ...(flags.reason === undefined ? {} : { reason: flags.reason }),
      requestedBy: 'rangeward trigger',
      correlation_id: correlationId,
    };
    const message = {
      subject: `lp.v1.trigger.manual.${place.chain}.${place.pool}`,
      headers: {},
      body: new TextEncoder().encode(JSON.stringify(request)),
    };
    checkRequest(message);
    const following = flags.wait ? followRuns(broker, correlationId, flags, screen) : null;
    await broker.nc.flush();
    await broker.publisher.publish({ ...message, headers: { 'Nats-Msg-Id': correlationId } });
    if (!flags.json) screen.write(`Asked for a run of ${place.chain}/${place.pool}.\n`);
    if (following === null) return exitCodes.ok;
    const result = await following;
    if (flags.json) printJson(screen, result);
    else screen.write(`Every number behind it: ./rangeward explain ${short(result.runId)}\n`);
    return result.status === 'failed' ? exitCodes.failed : exitCodes.ok;
  });
}

/** The same reading that the scheduler will do, so that a typing error is told here and not in a dead letter. */
function checkRequest(message: Parameters<typeof unwrapTrigger>[0]): void {
  try {
    unwrapTrigger(message);
  } catch (error) {
    if (error instanceof Rejection) throw new CommandFailure(error.message, exitCodes.usage);
    throw error;
  }
}

function choosePool(config: Settings, flags: TriggerFlags): { chain: string; pool: string } {
  const pools = Object.entries(config.chains).flatMap(([chain, settings]) =>
    Object.entries(settings.pools).map(([alias, pool]) => ({ chain, alias, pool: pool.address })),
  );
  const wanted = flags.pool?.toLowerCase();
  const fitting = pools.filter(
    ({ chain, alias, pool }) =>
      (flags.chain === undefined || chain === flags.chain) &&
      (wanted === undefined || alias === wanted || pool === wanted),
  );
  const [only, another] = fitting;
  const known =
    pools.map(({ chain, alias }) => `--chain ${chain} --pool ${alias}`).join('\n  ') || 'none; is --config right?';
  if (only === undefined) throw new CommandFailure(`no configured pool fits. Configured:\n  ${known}`, exitCodes.usage);
  if (another !== undefined) throw new CommandFailure(`say which pool. Configured:\n  ${known}`, exitCodes.usage);
  return only;
}

/** Tells what the asked run does, until its record is complete. */
function followRuns(
  broker: NatsAccess,
  correlationId: string,
  { timeoutS, json }: TriggerFlags,
  screen: Screen,
): Promise<RunResult> {
  const { promise, resolve, reject } = Promise.withResolvers<RunResult>();
  const begunMs = performance.now();
  let runId: string | null = null;
  const hear = (definition: EventDefinition, event: ReturnType<typeof decodeEvent>) => {
    const data = event.data as { run?: { id: string } };
    if (
      definition.name === 'run-started' &&
      (event.data as { requestCorrelationId: string | null }).requestCorrelationId === correlationId
    ) {
      runId ??= data.run?.id ?? null;
    }
    if (runId === null || data.run?.id !== runId) return;
    if (!json) for (const line of tellEvent(definition, event)) printLine(screen, performance.now() - begunMs, line);
    if (definition.name === 'run-completed') resolve((event.data as { result: RunResult }).result);
  };
  broker.nc.subscribe('lp.v1.>', {
    callback: (error, message) => {
      const definition = error === null ? definitionOf(message.subject) : undefined;
      if (definition === undefined || definition.name.startsWith('trigger.')) return;
      const headers = readHeaders(headersOf(() => message.headers) ?? undefined);
      try {
        hear(definition, decodeEvent(definition, { subject: message.subject, headers, body: message.data }));
      } catch (problem) {
        // What somebody else sent malformed becomes a dead letter where it belongs; this run goes on.
        if (!(problem instanceof Rejection)) reject(problem);
      }
    },
  });
  const timer = setTimeout(() => {
    const seen =
      runId === null ? 'no run was opened: is the scheduler running? ./rangeward status' : `run ${runId} is not over`;
    reject(new CommandFailure(`nothing more after ${timeoutS} s; ${seen}`));
  }, timeoutS * 1000);
  return promise.finally(() => clearTimeout(timer));
}
