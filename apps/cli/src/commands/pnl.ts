import { openChain } from '@rangeward/adapter-evm/client';
import { readEvents } from '@rangeward/adapter-nats/read-events';
import { readPosition } from '@rangeward/adapter-redis/position-registry';
import { type TradeExecuted, tradeExecuted } from '@rangeward/contracts';
import { addressOf } from '../address-flag.ts';
import { CommandFailure } from '../command-failure.ts';
import type { Settings } from '../config.ts';
import { type GlobalFlags, loadSettings, withNats, withRedis } from '../operator.ts';
import { exitCodes, printJson } from '../output.ts';
import type { Period } from '../pnl/period-starts.ts';
import type { PnlType } from '../pnl/pnl-types.ts';
import { type PnlContext, printCsv, printPnl, toJson } from '../pnl/print-pnl.ts';
import { readPnl } from '../pnl/read-pnl.ts';
import type { Screen } from '../story/print-story.ts';

export type PnlOptions = GlobalFlags & {
  readonly chain?: string;
  readonly position?: string;
  readonly wallet?: string;
  readonly type: PnlType;
  readonly period: Period;
  readonly periods: number;
  readonly detailed: boolean;
  readonly csv: boolean;
  readonly json: boolean;
};

/** Of each the block that it begins with is looked for on the chain. */
const MOST_PERIODS = 1000;

/** Profit and loss of a position over its whole line of NFTs, from the chain. */
export async function pnl(options: PnlOptions, screen: Screen): Promise<void> {
  if (!Number.isInteger(options.periods) || options.periods < 1 || options.periods > MOST_PERIODS) {
    throw new CommandFailure(`--periods must be a whole number from 1 to ${MOST_PERIODS}`, exitCodes.usage);
  }
  const config = loadSettings(options);
  const found = findPosition(config, options);
  const { settings, pool, position } = found;
  const wallet = options.wallet === undefined ? undefined : addressOf('--wallet', options.wallet);
  const ref = { chain: found.chain, pool: pool.address, id: position.id };
  const [chain, registered, trades] = await Promise.all([
    openChain({ name: found.chain, settings }),
    withRedis(options, (redis) => readPosition(redis, ref)).catch(() => null),
    readTrades(options, ref).catch(() => null),
  ]);
  const reading = await readPnl({
    chain,
    pool,
    tokenIds: [...new Set([position.tokenId, ...(registered?.lineage ?? [])])],
    registered,
    trades,
    wallet,
    period: options.period,
    periods: options.periods,
  });
  const context: PnlContext = { name: `${found.chain}/${position.id}`, pool, ...options };
  if (options.json) return printJson(screen, toJson(reading, context));
  if (options.csv) return printCsv(reading, context, screen);
  printPnl(reading, context, screen);
}

function findPosition(config: Settings, { chain, position }: PnlOptions) {
  const all = Object.entries(config.chains).flatMap(([name, settings]) =>
    Object.values(settings.pools).flatMap((pool) =>
      pool.positions.map((one) => ({ chain: name, settings, pool, position: one })),
    ),
  );
  const fits = all.filter(
    (one) => (chain === undefined || one.chain === chain) && (position === undefined || one.position.id === position),
  );
  const [only, another] = fits;
  const names = all.map((one) => `${one.chain}/${one.position.id}`).join(', ') || 'none';
  if (only === undefined) throw new CommandFailure(`no such position; configured: ${names}`, exitCodes.usage);
  if (another !== undefined)
    throw new CommandFailure(`say which one by --position and --chain; configured: ${names}`, exitCodes.usage);
  return only;
}

async function readTrades(
  flags: GlobalFlags,
  { chain, pool, id }: { readonly chain: string; readonly pool: string; readonly id: string },
): Promise<TradeExecuted[]> {
  const events = await withNats(flags, (broker) => readEvents(broker, tradeExecuted, { chain, pool }));
  return events.map(({ data }) => data).filter(({ run }) => run.position === id);
}
