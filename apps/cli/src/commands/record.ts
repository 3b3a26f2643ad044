import { readHeader } from '@rangeward/adapter-evm/block-header';
import { type ChainReader, chainReader } from '@rangeward/adapter-evm/client';
import { knownChains } from '@rangeward/adapter-evm/known-chains';
import { type RecordingHeader, startPool } from '@rangeward/recording/recording-format';
import { writeRecording } from '@rangeward/recording/write-recording';
import { checkFeed } from '@rangeward/uniswap-v3/check-feed';
import type { Hex } from 'viem';
import { addressOf } from '../address-flag.ts';
import { CommandFailure } from '../command-failure.ts';
import { loadSettings } from '../operator.ts';
import { exitCodes, printJson } from '../output.ts';
import { readPoolEvents } from '../record/read-pool-events.ts';
import { readPoolState, readPoolTerms } from '../record/read-pool-state.ts';
import { tellBreaks } from '../record/tell-breaks.ts';
import { openUnfinished, type UnfinishedRecording } from '../record/unfinished-recording.ts';
import type { Screen } from '../story/print-story.ts';

export type RecordFlags = {
  readonly rpc?: string;
  readonly chain?: string;
  readonly config?: string;
  readonly pool: string;
  readonly from: number;
  readonly to?: number;
  readonly out?: string;
  readonly json: boolean;
};

/** Blocks behind the head that a recording ends at unless told: later ones may still be replaced. */
const SETTLED_BLOCKS = 12;

/**
 * Records a pool from any RPC, proves what was recorded event by event, and says what is missing. Interrupted, the same
 * command goes on where it was. Returns the exit code: 1 when something that was recorded does not follow.
 */
export async function record(flags: RecordFlags, screen: Screen): Promise<number> {
  const pool = addressOf('--pool', flags.pool);
  const chain = await openRpc(flags);
  const chainId = Number(await chain.request('eth_chainId', []));
  const to = flags.to ?? Math.max(0, (await readHeader(chain, 'latest')).number - SETTLED_BLOCKS);
  if (flags.from > to) throw new CommandFailure(`--from ${flags.from} is after ${to}`, exitCodes.usage);
  const say = (text: string) => flags.json || screen.write(`${text}\n`);
  const terms = await readPoolTerms(chain, pool);
  say(
    `${terms.token0.symbol}/${terms.token1.symbol} ${terms.feePips / 10_000} % on chain ${chainId}, blocks ${flags.from} to ${to}`,
  );
  const out =
    flags.out ??
    `${terms.token0.symbol}-${terms.token1.symbol}-${terms.feePips}-${flags.from}-${to}.ndjson.gz`.replaceAll('/', '_');
  const unfinished = await openUnfinished(`${out}.unfinished.ndjson`, { chainId, pool, from: flags.from, to });
  await readEvents(chain, pool, { from: flags.from, to }, unfinished, say);
  const events = await Array.fromAsync(unfinished.read());
  const start = flags.from === 0 ? null : await readPoolState(chain, terms, flags.from - 1, events);
  const header: RecordingHeader = {
    ...{ format: 'rangeward-recording', version: 1, chainId, ...terms, fromBlock: flags.from, toBlock: to, start },
  };
  const footer = await writeRecording(out, header, events);
  await unfinished.remove();
  const report = checkFeed(events, startPool(header) ?? { ...terms, feeProtocol: start?.feeProtocol ?? 0 });
  if (flags.json) printJson(screen, { file: out, ...footer, startKnown: start !== null, breaks: report.breaks });
  else {
    const ticks = start?.ticks?.length ?? 0;
    say(
      start === null
        ? 'start state unknown: the node keeps no state that old; ticks are learnt from the swaps'
        : `start state known, with ${ticks} ticks`,
    );
    tellBreaks(screen, events, report);
    say(`${out}: ${events.length} events`);
  }
  return report.breaks.length === 0 ? exitCodes.ok : exitCodes.failed;
}

async function readEvents(
  chain: ChainReader,
  pool: Hex,
  { from, to }: { readonly from: number; readonly to: number },
  unfinished: UnfinishedRecording,
  say: (text: string) => void,
): Promise<void> {
  const { through } = unfinished;
  if (through !== undefined) {
    const header = await readHeader(chain, through.block);
    if (header.hash !== through.hash) {
      throw new CommandFailure(
        `block ${through.block} was replaced since it was recorded; remove the unfinished file and begin again`,
      );
    }
    say(`going on after block ${through.block}, ${unfinished.events} events so far`);
  }
  for await (const stretch of readPoolEvents(chain, { pool, from: (through?.block ?? from - 1) + 1, to })) {
    await unfinished.add(stretch);
    const part = Math.floor((100 * (stretch.to - from + 1)) / (to - from + 1));
    say(`${String(part).padStart(3)} %  block ${stretch.to}, ${unfinished.events} events`);
  }
}

/** A reader for whichever RPC; none of its errors carries the URL. */
async function openRpc({ rpc, chain, config }: RecordFlags): Promise<ChainReader> {
  const rpcUrl = rpc ?? configuredRpc(chain, config);
  if (!URL.canParse(rpcUrl) || !/^https?:/.test(rpcUrl)) {
    throw new CommandFailure('--rpc: expected a URL that begins with http:// or https://', exitCodes.usage);
  }
  const settings = { chainId: 1, rpcUrl, contracts: {}, confirmations: 1, reorgDepth: 1, pollMs: 1_000, pools: {} };
  // Only calls to the pool are made: which chain it is does not matter to the reader.
  return chainReader({ name: chain ?? 'rpc', settings, known: knownChains.ethereum, timeoutMs: 60_000 });
}

function configuredRpc(chain: string | undefined, config: string | undefined): string {
  if (chain === undefined)
    throw new CommandFailure('name the node: --rpc URL, or --chain NAME of the configuration', exitCodes.usage);
  const { chains } = loadSettings(config === undefined ? {} : { config });
  const found = chains[chain];
  if (found === undefined) throw new CommandFailure(`no chain ${chain} is configured`, exitCodes.usage);
  return found.rpcUrl;
}
