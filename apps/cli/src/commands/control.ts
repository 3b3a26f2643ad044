import { openAuditNotes } from '@rangeward/adapter-nats/audit-notes';
import { createPublishEvent } from '@rangeward/adapter-nats/publish-event';
import {
  readControl,
  readStop,
  resumeTrading,
  stopTrading,
  type TradingControl,
  type TradingStop,
} from '@rangeward/adapter-redis/trading-control';
import { control } from '@rangeward/contracts';
import { CommandFailure } from '../command-failure.ts';
import { type GlobalFlags, withNats, withRedis } from '../operator.ts';
import { exitCodes, printJson } from '../output.ts';
import type { Screen } from '../story/print-story.ts';
import { showControls } from '../story/show-controls.ts';
import { person } from './person.ts';

export type ControlFlags = GlobalFlags & { readonly reason: string; readonly json: boolean };

/**
 * Stops live trading: effective first, written down afterwards. It is said in Redis and on the bus at once, and either is
 * enough. Fails only when neither took it, and says then what is left.
 */
export async function stop(action: 'pause' | 'kill', flags: ControlFlags, screen: Screen): Promise<void> {
  const by = `${person()}, rangeward ${action}`;
  const at = new Date().toISOString();
  const state = action === 'kill' ? 'killed' : 'paused';
  const wanted: TradingStop = { state, by, reason: flags.reason, through: 'command', at };
  const [inRedis, onBus] = await Promise.allSettled([
    withRedis(flags, (redis) => stopTrading(redis, wanted)),
    withNats(flags, async (broker) => {
      await createPublishEvent(broker)(control, { action, by, reason: flags.reason, at });
    }),
  ]);
  const said = inRedis.status === 'fulfilled' || onBus.status === 'fulfilled';
  const written = await noteWhatWasAsked(flags, { action, by, reason: flags.reason, done: said });
  if (!said) {
    throw new CommandFailure(
      `neither Redis nor the broker took the ${action}: make the file that executor.killFile names, or send the executor SIGUSR2, or stop it (${messageOf(inRedis)}; ${messageOf(onBus)})`,
    );
  }
  const stands = inRedis.status === 'fulfilled' ? inRedis.value.stands : wanted;
  const missing = [
    ...(inRedis.status === 'rejected' ? [`Redis did not take it (${messageOf(inRedis)})`] : []),
    ...(onBus.status === 'rejected' ? [`the bus did not take it (${messageOf(onBus)})`] : []),
    ...(written === null ? [] : [`the audit trail did not take it (${written})`]),
  ];
  if (flags.json) return printJson(screen, { ...stands, missing });
  screen.write(`Live trading is ${stands.state}: ${showControls(stands.reason)} (${showControls(stands.by)}).\n`);
  for (const one of missing) screen.write(`  ${showControls(one)}\n`);
  screen.write(
    stands.state === 'killed'
      ? 'Nothing new is signed; a plan in hand waits as it stands. '
      : 'No new plan begins; one in hand comes to its end. ',
  );
  screen.write('Only this goes on: ./rangeward resume --yes\n');
}

/** Null when it is written, else why not: a stop is not undone because nobody could write it down. */
async function noteWhatWasAsked(
  flags: GlobalFlags,
  note: { action: string; by: string; reason: string; done: boolean },
): Promise<string | null> {
  const { action, by, reason, done } = note;
  try {
    await withNats(flags, (broker) =>
      openAuditNotes(broker, 'operator').write({ actor: by, action, reason, outcome: done ? 'done' : 'failed' }),
    );
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Lets live trading go on: written down first, effective afterwards, and only for the stop that the person saw. */
export async function resume(flags: ControlFlags & { readonly yes: boolean }, screen: Screen): Promise<void> {
  const stands = await withRedis(flags, readStop);
  if (stands === null) {
    if (flags.json) return printJson(screen, { state: 'running', changed: false });
    return void screen.write('Live trading is not stopped.\n');
  }
  if (!flags.yes) throw new CommandFailure(`${tellControl(stands)} Say --yes to let it go on.`, exitCodes.usage);
  const by = `${person()}, rangeward resume`;
  const detail = { stop: stands.state, stoppedBy: stands.by, stoppedAt: stands.at, stoppedFor: stands.reason };
  await withNats(flags, (broker) =>
    openAuditNotes(broker, 'operator').write({ actor: by, action: 'resume', reason: flags.reason, detail }),
  );
  const at = new Date().toISOString();
  const resumed = await withRedis(flags, (redis) => resumeTrading(redis, stands, { by, reason: flags.reason, at }));
  if (!resumed) throw new CommandFailure('another stop stands by now: look at it with "status", then ask again');
  const now = await withRedis(flags, readControl);
  if (flags.json) return printJson(screen, { ...now, changed: true });
  screen.write('Live trading goes on. A kill file that is still there stops it again.\n');
}

/** What stands, in a sentence for `status` and for whoever is to resume. */
export function tellControl(stands: TradingControl | null): string {
  if (stands === null) return 'Live trading goes on.';
  const { state, by, at, reason, through } = stands;
  return `Live trading is ${state} since ${at} (${through}) by ${by}: ${reason}.`;
}

function messageOf(settled: PromiseSettledResult<unknown>): string {
  if (settled.status === 'fulfilled') return 'it did';
  return settled.reason instanceof Error ? settled.reason.message : String(settled.reason);
}
