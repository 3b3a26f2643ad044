import { ConfigError } from './config-error.ts';
import { createLife, type Life } from './life.ts';
import { createLogger } from './log.ts';

/** Something outside is not as it must be for a start (a chain id, an acknowledgement): said plainly, exit code 3. */
export class PreflightError extends Error {
  override readonly name = 'PreflightError';
}

export const exitCodes = { ok: 0, failed: 1, refused: 3 } as const;

/**
 * Runs one process from start to end. `wire` opens what the process needs, in order, by `life.open`; then the process
 * lives until SIGTERM or SIGINT (a second signal ends it at once) or `life.end`, and closes in reverse within ten
 * seconds. It exits with 0 when all closed in time, 1 when something failed, 3 when configuration or preflight refuse.
 * An exception nobody caught is a bug: it is logged as fatal and ends the process at once, without drain, because
 * nothing is known of its state any more; what was in hand is delivered again.
 */
export async function runProcess(name: string, wire: (life: Life) => Promise<void>): Promise<never> {
  const life = createLife({ log: createLogger({ service: name }) });
  catchSignals(life);
  // Between two events nothing may be open that keeps Node running.
  setInterval(() => {}, 2 ** 30);
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (reason: unknown) => {
      life.log.fatal({ err: asError(reason), event }, 'bug: an error nobody caught');
      process.exit(exitCodes.failed);
    });
  }
  try {
    await wire(life);
  } catch (error) {
    await endAfterFailedStart(life, error);
  }
  const cause = await life.ended;
  if (cause instanceof Error) life.log.error({ err: cause }, 'ending because something failed');
  const closed = await life.close();
  process.exit(cause instanceof Error || !closed.clean ? exitCodes.failed : exitCodes.ok);
}

function catchSignals(life: Life): void {
  let asked = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (asked) {
        life.log.warn({ signal }, 'asked again: ending at once');
        process.exit(exitCodes.failed);
      }
      asked = true;
      life.log.info({ signal }, 'asked to end: draining');
      life.end(signal);
    });
  }
}

async function endAfterFailedStart(life: Life, error: unknown): Promise<never> {
  const refusal = refusalIn(error);
  const asked = life.signal.aborted && error === life.signal.reason;
  if (refusal !== null) process.stderr.write(`${refusal.message}\n`);
  else if (!asked) life.log.fatal({ err: asError(error) }, 'start failed');
  const closed = await life.close();
  if (refusal !== null) process.exit(exitCodes.refused);
  // Asked to end while it started: what was open is closed, which is all that was asked.
  process.exit(asked && closed.clean ? exitCodes.ok : exitCodes.failed);
}

/** The refusal itself, or the one for which a part did not open. */
function refusalIn(error: unknown): Error | null {
  if (error instanceof ConfigError || error instanceof PreflightError) return error;
  return error instanceof Error && error.cause !== undefined ? refusalIn(error.cause) : null;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
