import { readPoolLogs } from '@rangeward/recording/pool-logs-csv';
import { readRecording } from '@rangeward/recording/read-recording';
import { type RecordingHeader, startPool } from '@rangeward/recording/recording-format';
import { writeRecording } from '@rangeward/recording/write-recording';
import { checkFeed } from '@rangeward/uniswap-v3/check-feed';
import { addressOf } from '../address-flag.ts';
import { CommandFailure } from '../command-failure.ts';
import { exitCodes, printFacts, printJson } from '../output.ts';
import { tellBreaks } from '../record/tell-breaks.ts';
import type { Screen } from '../story/print-story.ts';

/** Reads a recording to its end and holds its events against one another. Returns the exit code: 1 when some do not follow. */
export async function checkRecording(
  file: string,
  { json }: { readonly json: boolean },
  screen: Screen,
): Promise<number> {
  const recording = await readRecording(file);
  const { header } = recording;
  const events = await Array.fromAsync(recording.events);
  const { pool: _pool, ...report } = checkFeed(events, startPool(header) ?? header);
  const { start, token0, token1, fromBlock, toBlock } = header;
  if (json) {
    const breaks = report.breaks.map((found) => {
      const { blockNumber, logIndex, transactionHash } = events[found.index] ?? {};
      return { ...found, blockNumber, logIndex, transactionHash };
    });
    printJson(screen, {
      header: { ...header, start: start === null ? null : 'known' },
      events: events.length,
      ...report,
      breaks,
    });
  } else {
    printFacts(screen, [
      [
        'pool',
        `${header.pool} on chain ${header.chainId}: ${token0.symbol}/${token1.symbol} ${header.feePips / 10_000} %`,
      ],
      ['blocks', `${fromBlock} to ${toBlock}, ${events.length} events`],
      ['start state', startOf(events, header)],
    ]);
    tellBreaks(screen, events, { ...report, pool: undefined });
  }
  return report.breaks.length === 0 ? exitCodes.ok : exitCodes.failed;
}

function startOf([first]: readonly { readonly kind: string }[], { start }: RecordingHeader): string {
  if (start !== null) return `known, with ${start.ticks === null ? 'unknown' : start.ticks.length} ticks`;
  return first?.kind === 'initialize' ? 'the pool’s birth' : 'unknown';
}

export type ConvertFlags = {
  readonly out: string;
  readonly chainId: number;
  readonly pool: string;
  readonly fee: number;
  readonly spacing: number;
  readonly token0: string;
  readonly token1: string;
  readonly json: boolean;
};

/** Makes a recording of a CSV file of raw logs; its start state is unknown. Tokens as ADDRESS:SYMBOL:DECIMALS. */
export async function convertLogs(file: string, flags: ConvertFlags, screen: Screen): Promise<void> {
  const [token0, token1] = [tokenOf('--token0', flags.token0), tokenOf('--token1', flags.token1)];
  if (token0.address.toLowerCase() >= token1.address.toLowerCase()) {
    throw new CommandFailure('--token0 must be the token with the lower address, as in the pool', exitCodes.usage);
  }
  const events = await Array.fromAsync(readPoolLogs(file));
  const [first, last] = [events.at(0), events.at(-1)];
  if (first === undefined || last === undefined) throw new CommandFailure(`${file} holds no events`);
  const footer = await writeRecording(
    flags.out,
    {
      ...{ format: 'rangeward-recording', version: 1, chainId: flags.chainId, pool: addressOf('--pool', flags.pool) },
      ...{ feePips: flags.fee, tickSpacing: flags.spacing, token0, token1 },
      ...{ fromBlock: first.blockNumber, toBlock: last.blockNumber, start: null },
    },
    events,
  );
  if (flags.json) return printJson(screen, { file: flags.out, ...footer });
  const counts = Object.entries(footer.events).map(([kind, count]) => `${count} ${kind}`);
  screen.write(`${flags.out}: ${counts.join(', ')}\n`);
}

function tokenOf(flag: string, text: string) {
  const [address = '', symbol = '', decimals = ''] = text.split(':');
  if (!/^\d{1,3}$/.test(decimals))
    throw new CommandFailure(`${flag} ${text}: expected ADDRESS:SYMBOL:DECIMALS`, exitCodes.usage);
  return { address: addressOf(flag, address), symbol, decimals: Number(decimals) };
}
