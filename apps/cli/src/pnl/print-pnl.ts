import type { PoolSettings } from '@rangeward/adapter-evm/settings';
import type { YearlyReturn } from '@rangeward/uniswap-v3/annualise-return';
import type { TokenSums } from '@rangeward/uniswap-v3/attribution';
import type { Amounts } from '@rangeward/uniswap-v3/liquidity-amounts';
import { wholeUnitsRoundingDown } from '@rangeward/uniswap-v3/value-ledger';
import { printFacts, printTable } from '../output.ts';
import { integer, percent, short, signedUsd, tokens, usd } from '../story/format-amounts.ts';
import { printTitle, type Screen } from '../story/print-story.ts';
import type { DatedMoment, Parts, PeriodRow } from './build-report.ts';
import type { PnlType } from './pnl-types.ts';
import type { PnlReading } from './read-pnl.ts';

export type PnlContext = {
  readonly name: string;
  readonly pool: PoolSettings;
  readonly type: PnlType;
  readonly period: string;
  readonly detailed: boolean;
};

type Column = readonly [name: string, of: (parts: Parts) => bigint];

const fees: Column = ['fees', (parts) => parts.feesCollected + parts.feesUncollected];
const il: Column = ['IL', (parts) => parts.ilRealised + parts.ilUnrealised + parts.ilCarried];
const gifts: Column = ['gifts', ({ gifts }) => gifts];
const gas: Column = ['gas', ({ gas }) => gas];
const swapCost: Column = ['swap cost', ({ swapCost }) => swapCost];
const whole: readonly Column[] = [
  fees,
  ['price', ({ price }) => price],
  il,
  swapCost,
  gifts,
  gas,
  ['change', ({ change }) => change],
  ['(LVR)', ({ lvr }) => lvr],
];
const columns: Record<PnlType, readonly Column[]> = {
  total: whole,
  'vs-usd': whole,
  'vs-eth': whole,
  fees: [
    ['collected', ({ feesCollected }) => feesCollected],
    ['not yet collected', ({ feesUncollected }) => feesUncollected],
    fees,
    gas,
  ],
  'vs-hodl': [
    fees,
    ['IL realised', ({ ilRealised }) => ilRealised],
    ['IL unrealised', ({ ilUnrealised }) => ilUnrealised],
    ['IL carried', ({ ilCarried }) => ilCarried],
    swapCost,
    gifts,
    gas,
    ['against HODL', ({ vsHodl }) => vsHodl],
  ],
};

/** The report for people. */
export function printPnl(reading: PnlReading, of: PnlContext, screen: Screen): void {
  printPosition(reading, of, screen);
  printParts(reading, of, screen);
  printBenchmarks(reading, of, screen);
  printPerformance(reading, screen);
  printTitle(screen, `By ${of.period}, ${of.type}, in ${unitOf(of)}`);
  const head = ['from', 'to', ...columns[of.type].map(([name]) => name)];
  printTable(
    screen,
    head,
    reading.report.rows.map((row) => cellsOf(row, of)),
  );
  if (of.detailed) printDetails(reading, of, screen);
  printTitle(screen, 'To know');
  for (const note of reading.notes) screen.write(`  ${note}\n`);
}

function printPosition({ report, line, ledger }: PnlReading, of: PnlContext, screen: Screen): void {
  const { inStable } = report;
  const sums = inStable.tokens;
  screen.write(`${of.name}: ${line.tokenIds.length} NFTs (${line.tokenIds.join(', ')}) of ${line.wallet}\n`);
  screen.write(
    `blocks ${integer(report.from.block)} to ${integer(report.to.block)}, ${daysOf(report)}; ${ledger.entries.length} entries\n`,
  );
  const pair = (amounts: Amounts) =>
    `${tokens(amounts.amount0, of.pool.token0)} and ${tokens(amounts.amount1, of.pool.token1)}`;
  const dollars = (valueX192: bigint) => usd(Number(wholeUnitsRoundingDown(valueX192)));
  printTitle(screen, 'What there is');
  printFacts(screen, [
    ['put in', `${dollars(inStable.depositedX192)}: ${pair(sums.deposited)}`],
    ['taken out', `${dollars(inStable.withdrawnX192)}: ${pair(sums.withdrawn)}`],
    ['worth now', `${dollars(inStable.valueX192)} with fees and what lies idle`],
    ['liquidity', pair(sums.principal)],
    ['fees to collect', pair(sums.feesUncollected)],
    ['idle', `${pair(sums.idle)} in the wallet`],
  ]);
}

function printParts({ report }: PnlReading, of: PnlContext, screen: Screen): void {
  const parts = report.total[of.type === 'vs-eth' ? 'inVolatile' : 'inStable'];
  const money = (value: bigint) => moneyOf(value, of);
  printTitle(screen, `Where it came from, in ${unitOf(of)}`);
  printFacts(screen, [
    ['fees collected', money(parts.feesCollected)],
    ['fees to collect', money(parts.feesUncollected)],
    ['price', `${money(parts.price)} on what was put in (HODL)`],
    ['IL realised', `${money(parts.ilRealised)} at each move`],
    ['IL unrealised', `${money(parts.ilUnrealised)} of the liquidity that is in`],
    ['IL carried', `${money(parts.ilCarried)} of the price since, on tokens held otherwise than put in`],
    ['swap cost', money(parts.swapCost)],
    ['gifts', money(parts.gifts)],
    ['gas', money(parts.gas)],
    ['= change', money(parts.change)],
    ['beside it: LVR', money(parts.lvr)],
  ]);
}

function printBenchmarks({ report }: PnlReading, of: PnlContext, screen: Screen): void {
  const { inStable, inVolatile } = report.total;
  const eth = moneyOf(inVolatile.change, { ...of, type: 'vs-eth' });
  printTitle(screen, 'Against, gas included');
  printFacts(screen, [
    ['HODL', `${signedUsd(Number(inStable.vsHodl))} against what was put in, held until now`],
    ['USD', `${signedUsd(Number(inStable.change))} against its dollars when it was put in`],
    ['ETH', `${eth} against its ${volatileOf(of).symbol} when it was put in`],
  ]);
}

function printPerformance({ report }: PnlReading, screen: Screen): void {
  const { performance } = report;
  const won = performance.rebalances.filter((one) => !one.open && one.won).length;
  const closed = performance.rebalances.filter(({ open }) => !open).length;
  const share = (value: number | null, digits = 2) => (value === null ? 'none' : percent(value, digits));
  printTitle(screen, 'How well');
  printFacts(screen, [
    ['return', `${share(performance.roi)} on all that was put in`],
    ['fee APR', yearly(performance.feeReturn)],
    ['APR without gas', yearly(performance.returnWithoutGas)],
    ['APR with all', yearly(performance.returnWithEverything)],
    [
      'rebalances',
      `${performance.rebalances.length}; of ${closed} whose NFT is closed, ${won} paid for themselves (${share(performance.winRate, 0)})`,
    ],
    ['gas', performance.feesPerGas === null ? 'none' : `fees are ${performance.feesPerGas.toFixed(1)} times the gas`],
  ]);
}

/** A yearly figure with the days it rests on, which it is never shown without. */
function yearly(found: YearlyReturn | null): string {
  if (found === null) return 'not known: no time or nothing at work';
  const text = `APR ${percent(found.apr, 1)}, APY ${found.apy === null ? 'none' : percent(found.apy, 1)}, from ${percent(found.ratio, 4)} in ${daysText(found.days)}`;
  return found.restsOnEnough ? text : `${text}: under 7 days, this says little of a year`;
}

function printDetails({ report, ledger }: PnlReading, of: PnlContext, screen: Screen): void {
  printTitle(screen, 'Rebalances');
  printTable(
    screen,
    ['NFT', 'plan', 'gas', 'swap cost', 'fees since', 'IL since', 'paid for itself', 'NFT is'],
    report.performance.rebalances.map((one) => [
      one.nft.toString(),
      one.planId === null ? 'none' : short(one.planId),
      ...[one.gas, one.swapCost, one.fees, one.il].map((value) => signedUsd(Number(value))),
      one.won ? 'yes' : 'no',
      one.open ? 'open' : 'closed',
    ]),
  );
  printTitle(
    screen,
    'Tokens, to the wei: deposited + gifts + fees collected + swapped + from liquidity = withdrawn + idle + owed + liquidity',
  );
  const sums = report.inStable.tokens;
  const names = Object.keys(sums) as (keyof TokenSums)[]; // The sums have exactly these.
  const { token0, token1 } = of.pool;
  printTable(
    screen,
    ['', token0.symbol, token1.symbol],
    names.map((name) => [name, sums[name].amount0.toString(), sums[name].amount1.toString()]),
  );
  printTitle(screen, 'Entries');
  printTable(
    screen,
    ['block', 'what', 'NFT', token0.symbol, token1.symbol, 'plan', 'transaction'],
    ledger.entries.map(({ block, entry, planId, txHash }) => [
      block.toString(),
      entry.kind,
      'nft' in entry ? entry.nft.toString() : '',
      entry.amount0.toString(),
      entry.amount1.toString(),
      planId === null ? '' : short(planId),
      txHash,
    ]),
  );
}

/** The rows as CSV: raw units of the token in `unit`, times in UTC; every part, whatever the type. */
export function printCsv({ report }: PnlReading, of: PnlContext, screen: Screen): void {
  const names = Object.keys(report.total.inStable) as (keyof Parts)[]; // Parts have exactly these.
  screen.write(`${['from', 'to', 'fromBlock', 'toBlock', 'unit', ...names].join(',')}\n`);
  for (const row of report.rows) {
    const parts = partsOf(row, of);
    const cells = [isoTime(row.from), isoTime(row.to), row.from.block, row.to.block, rawUnitOf(of)];
    screen.write(`${[...cells, ...names.map((name) => parts[name])].join(',')}\n`);
  }
}

/** The whole report as plain values. Amounts in raw units: micro-dollars of the stable token, wei of the other. */
export function toJson({ report, line, ledger, notes }: PnlReading, of: PnlContext): unknown {
  const { inStable, inVolatile, total, performance } = report;
  const place = (moment: DatedMoment) => ({ block: moment.block, time: isoTime(moment) });
  const balance = ({ depositedX192, withdrawnX192, valueX192, hodlValueX192 }: typeof inStable) => ({
    deposited: wholeUnitsRoundingDown(depositedX192),
    withdrawn: wholeUnitsRoundingDown(withdrawnX192),
    value: wholeUnitsRoundingDown(valueX192),
    hodl: wholeUnitsRoundingDown(hodlValueX192),
  });
  return {
    position: of.name,
    wallet: line.wallet,
    tokenIds: line.tokenIds,
    from: place(report.from),
    to: place(report.to),
    units: { inStable: of.pool[of.pool.stable].symbol, inVolatile: volatileOf(of).symbol },
    inStable: { ...balance(inStable), parts: total.inStable },
    inVolatile: { ...balance(inVolatile), parts: total.inVolatile },
    tokens: inStable.tokens,
    performance,
    periods: report.rows.map((row) => ({ ...row, from: place(row.from), to: place(row.to) })),
    ...(of.detailed ? { entries: ledger.entries } : {}),
    notes,
  };
}

function cellsOf(row: PeriodRow, of: PnlContext): string[] {
  const parts = partsOf(row, of);
  return [isoTime(row.from), isoTime(row.to), ...columns[of.type].map(([, part]) => moneyOf(part(parts), of))];
}

function partsOf(row: PeriodRow, { type }: PnlContext): Parts {
  return type === 'vs-eth' ? row.inVolatile : row.inStable;
}

function volatileOf({ pool }: PnlContext) {
  return pool.stable === 'token0' ? pool.token1 : pool.token0;
}

function unitOf(of: PnlContext): string {
  return of.type === 'vs-eth' ? volatileOf(of).symbol : 'USD';
}

function rawUnitOf(of: PnlContext): string {
  return of.type === 'vs-eth' ? `${volatileOf(of).symbol}e-${volatileOf(of).decimals}` : 'USDe-6';
}

function moneyOf(value: bigint, of: PnlContext): string {
  if (of.type !== 'vs-eth') return signedUsd(Number(value));
  const { decimals, symbol } = volatileOf(of);
  return `${value < 0n ? '' : '+'}${(Number(value) / 10 ** decimals).toFixed(6)} ${symbol}`;
}

function isoTime({ timeS }: DatedMoment): string {
  return new Date(timeS * 1000).toISOString().replace('.000Z', 'Z');
}

function daysOf({ from, to }: PnlReading['report']): string {
  return daysText((to.timeS - from.timeS) / 86_400);
}

function daysText(days: number): string {
  return `${days.toLocaleString('en-US', { maximumSignificantDigits: 3 })} days`;
}
