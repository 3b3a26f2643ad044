import { type BlockHeader, readHeader } from '@rangeward/adapter-evm/block-header';
import type { ChainReader } from '@rangeward/adapter-evm/client';
import { readBalances } from '@rangeward/adapter-evm/read-balances';
import { type ChainLine, readLine } from '@rangeward/adapter-evm/read-line';
import { type PoolReading, readPool } from '@rangeward/adapter-evm/read-pool';
import { readPositions } from '@rangeward/adapter-evm/read-position';
import { type PricePoint, readPricePath } from '@rangeward/adapter-evm/read-price-path';
import type { PoolSettings } from '@rangeward/adapter-evm/settings';
import type { RegisteredPosition } from '@rangeward/adapter-redis/position-registry';
import type { TradeExecuted } from '@rangeward/contracts';
import { abs } from '@rangeward/uniswap-v3/full-math';
import type { Amounts } from '@rangeward/uniswap-v3/liquidity-amounts';
import type { Mark } from '@rangeward/uniswap-v3/value-ledger';
import { CommandFailure } from '../command-failure.ts';
import { buildReport, type DatedMoment, type PnlReport } from './build-report.ts';
import { compareWithEvents } from './compare-with-events.ts';
import { type ComposedLedger, composeLedger } from './compose-ledger.ts';
import { type Period, periodStarts } from './period-starts.ts';

export type PnlQuery = {
  readonly chain: ChainReader;
  readonly pool: PoolSettings;
  /** NFTs known to be of the line: the configured one and those of the registry. */
  readonly tokenIds: readonly bigint[];
  readonly registered: RegisteredPosition | null;
  /** What we said of this position's plans; null when it could not be read. */
  readonly trades: readonly TradeExecuted[] | null;
  readonly wallet?: `0x${string}` | undefined;
  readonly period: Period;
  readonly periods: number;
};

export type PnlReading = {
  readonly report: PnlReport;
  readonly line: ChainLine;
  readonly ledger: ComposedLedger;
  readonly notes: readonly string[];
};

/**
 * Profit and loss of a position's whole line of NFTs as of the head, from the chain: our own events only name transactions that
 * left no log, and are compared. Throws ChainError, and CommandFailure when the node's logs contradict its state.
 */
export async function readPnl(query: PnlQuery): Promise<PnlReading> {
  const { chain } = query;
  const head = await readHeader(chain, 'latest');
  const pool = await readPool(chain, query.pool.address, head, 60);
  const trades = query.trades ?? [];
  const line = await readLine(chain, {
    pool: { address: query.pool.address, token0: pool.token0, token1: pool.token1 },
    tokenIds: query.tokenIds,
    wallet: query.wallet,
    hints: stepsOf(trades),
    to: head.number,
  });
  const path = await readPricePath(chain, query.pool.address, line);
  assertWhole(path, pool);
  const { positionManager, wrappedNative } = chain.known;
  const native = pool.token0 === wrappedNative ? 'token0' : pool.token1 === wrappedNative ? 'token1' : null;
  const site = { pool, positionManager, native } as const;
  const ledger = composeLedger(line, path, site);
  const mark = await readMark(chain, pool, ledger.held, head);
  const [times, balances] = await Promise.all([readTimes(chain, ledger), readBalances(chain, line.wallet, pool, head)]);
  const report = buildReport({
    entries: ledger.entries,
    ranges: ledger.ranges,
    path,
    feePips: pool.feePips,
    feeProtocol: pool.feeProtocol0 + (pool.feeProtocol1 << 4),
    mark,
    end: { block: head.number, logIndex: Number.POSITIVE_INFINITY, timeS: head.timestampS },
    starts: await readStarts(chain, query, head, line.from),
    stable: query.pool.stable,
    timeOf: (block) => times.get(block) ?? head.timestampS,
  });
  const differences = compareWithEvents({ line, ledger, registered: query.registered, trades });
  const spent = spentElsewhere(ledger, balances);
  const notes = [...ledger.notes, ...differences, ...spent, ...limitsOf(query, ledger, report, native)];
  return { report, line, ledger, notes };
}

function stepsOf(trades: readonly TradeExecuted[]): Map<`0x${string}`, string> {
  const steps = trades.flatMap(({ planId, transactions }) => transactions.map(({ hash }) => ({ hash, planId })));
  // The contract's pattern is what the type says.
  return new Map(steps.flatMap(({ hash, planId }) => (hash === null ? [] : [[hash as `0x${string}`, planId]])));
}

/** The price after the last swap we were told of must be the pool's own: nodes leave logs out at the head now and then. */
function assertWhole(path: readonly PricePoint[], pool: PoolReading): void {
  if (path.at(-1)?.sqrtPriceX96 === pool.sqrtPriceX96) return;
  throw new CommandFailure(
    'the node’s logs do not lead to the pool’s price: it left some out; ask again, or another node',
  );
}

async function readMark(
  chain: ChainReader,
  pool: PoolReading,
  held: readonly bigint[],
  head: BlockHeader,
): Promise<Mark> {
  const readings = await readPositions(chain, pool, held, head);
  const positions = readings.flatMap((reading) =>
    reading.kind === 'gone'
      ? []
      : [
          {
            nft: reading.tokenId,
            principal: { amount0: reading.amount0, amount1: reading.amount1 },
            collectable: { amount0: reading.fees0, amount1: reading.fees1 },
          },
        ],
  );
  return { sqrtPriceX96: pool.sqrtPriceX96, positions };
}

async function readTimes(chain: ChainReader, { entries }: ComposedLedger): Promise<ReadonlyMap<number, number>> {
  const blocks = [...new Set(entries.map(({ block }) => block))];
  const headers = await Promise.all(blocks.map((block) => readHeader(chain, block)));
  return new Map(headers.map(({ number, timestampS }) => [number, timestampS]));
}

/** A period begins behind the last block before its start; one that began before the line did needs no exact block. */
async function readStarts(
  chain: ChainReader,
  { period, periods }: PnlQuery,
  head: BlockHeader,
  first: number,
): Promise<DatedMoment[]> {
  const begin = await readHeader(chain, first);
  return Promise.all(
    periodStarts(period, periods, head.timestampS).map(async (timeS) => {
      if (timeS <= begin.timestampS) return { block: first - 1, logIndex: Number.POSITIVE_INFINITY, timeS };
      const block = await lastBlockBefore(chain, timeS, begin.number, head.number);
      return { block, logIndex: Number.POSITIVE_INFINITY, timeS };
    }),
  );
}

/** The last block in [low, high] whose time is before `timeS`; the block `low` is known to be. */
async function lastBlockBefore(chain: ChainReader, timeS: number, low: number, high: number): Promise<number> {
  let [known, open] = [low, high];
  while (known < open) {
    const middle = Math.ceil((known + open) / 2);
    if ((await readHeader(chain, middle)).timestampS < timeS) known = middle;
    else open = middle - 1;
  }
  return known;
}

/** Tokens have no name on them: what is idle stays the line's in these books, also when the wallet has spent it on something else. */
function spentElsewhere({ idle }: ComposedLedger, balances: Amounts): string[] {
  return (['amount0', 'amount1'] as const).flatMap((token) =>
    balances[token] >= idle[token]
      ? []
      : [
          `of ${token}, ${idle[token]} wei are counted as idle and the wallet has ${balances[token]}: the rest went elsewhere`,
        ],
  );
}

/** What this report rests on where it does not rest on the chain's own figures. */
function limitsOf(query: PnlQuery, ledger: ComposedLedger, report: PnlReport, native: string | null): string[] {
  const limits = ['values, LVR too, are at the pool’s own price: there is no other here'];
  if (native === null)
    limits.push(`gas of ${ledger.gasWei} wei is not in the sum: the pool does not have the chain’s native coin`);
  const { feesBeyondPath, inStable } = report;
  for (const token of ['amount0', 'amount1'] as const) {
    const fees = inStable.tokens.feesCollected[token] + inStable.tokens.feesUncollected[token];
    const beyond = feesBeyondPath[token];
    // A thousandth is far more than rounding: the split by period is off, the total is not.
    if (abs(beyond) * 1_000n > fees + 1_000_000n)
      limits.push(
        `fees by period are off: the path of prices says ${fees - beyond} wei of ${token}, the chain ${fees}`,
      );
  }
  if (query.registered === null)
    limits.push('the registry was not read or does not know it: its NFTs are those of the configuration and the chain');
  if (query.trades === null)
    limits.push('our own events could not be read: reverted transactions are missing, and nothing was compared');
  return limits;
}
