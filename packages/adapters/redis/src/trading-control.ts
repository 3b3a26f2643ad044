import { z } from 'zod';
import type { Redis } from './connect.ts';
import { defineScript } from './script.ts';

/**
 * Whether live trading goes on, as every process sees it. `paused`: no new plan begins, one in hand is carried to its end.
 * `killed`: nothing new is signed, at whatever point a plan stands. A stop is only ever made stricter, by anybody who sees a
 * reason; that trading goes on again only a person says, who has seen the stop (`rangeward resume`).
 *
 * Key: `lp:control:trading`, a hash of state and record; kept for ever.
 */
const tradingControl = z.object({
  state: z.enum(['running', 'paused', 'killed']),
  /** Who asked: a person with the tool, or the service. */
  by: z.string(),
  reason: z.string(),
  /** What it came through: `command`, `file`, `signal`, `event`, `failures`, `drawdown`, ... */
  through: z.string(),
  /** ISO 8601 UTC. */
  at: z.string(),
});
export type TradingControl = z.output<typeof tradingControl>;

/** A stop that stands. */
export type TradingStop = TradingControl & { readonly state: 'paused' | 'killed' };

const KEY = 'lp:control:trading';
const ranks = { running: 0, paused: 1, killed: 2 } as const;

/** Null when nobody ever stopped it. Throws when what is stored is no control: then nothing may be traded. */
export async function readControl(redis: Redis): Promise<TradingControl | null> {
  const text = await redis.hget(KEY, 'record');
  return text === null ? null : tradingControl.parse(JSON.parse(text));
}

/** The stop that stands, or null while trading goes on. */
export async function readStop(redis: Redis): Promise<TradingStop | null> {
  const control = await readControl(redis);
  return control !== null && isStop(control) ? control : null;
}

export function isStop(control: TradingControl): control is TradingStop {
  return control.state !== 'running';
}

/** Stops trading, or makes a stop stricter. Returns what stands now and whether this call made it so. */
export async function stopTrading(
  redis: Redis,
  stop: TradingStop,
): Promise<{ readonly changed: boolean; readonly stands: TradingControl }> {
  const record = JSON.stringify(tradingControl.parse(stop));
  const answer = await raise(redis, [KEY], [stop.state, ranks[stop.state], record]);
  const [changed, stands] = Array.isArray(answer) ? answer.map(String) : [];
  return { changed: changed === '1', stands: tradingControl.parse(JSON.parse(stands ?? 'null')) };
}

/** Lets trading go on if the stop is still the one that the person saw. False when another one stands now. */
export async function resumeTrading(
  redis: Redis,
  seen: TradingStop,
  by: Pick<TradingControl, 'by' | 'reason' | 'at'>,
): Promise<boolean> {
  const record: TradingControl = { ...by, state: 'running', through: 'command' };
  const values = [JSON.stringify(tradingControl.parse(seen)), JSON.stringify(tradingControl.parse(record))];
  return (await lower(redis, [KEY], values)) === 1;
}

// KEYS: the control. ARGV: state, its rank, the record. Returns whether it was written, and the record that stands.
const raise = defineScript(
  'TradingStop',
  1,
  `
local ranks = {running = 0, paused = 1, killed = 2}
local state = redis.call('HGET', KEYS[1], 'state')
if state and ranks[state] >= tonumber(ARGV[2]) then return {0, redis.call('HGET', KEYS[1], 'record')} end
redis.call('HSET', KEYS[1], 'state', ARGV[1], 'record', ARGV[3])
return {1, ARGV[3]}`,
);

// KEYS: the control. ARGV: the record it must hold, the record it gets.
const lower = defineScript(
  'TradingResume',
  1,
  `
if redis.call('HGET', KEYS[1], 'record') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'state', 'running', 'record', ARGV[2])
return 1`,
);
