import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { baseFees } from '@rangeward/localnet/base-fees';
import { driveMarket } from '@rangeward/localnet/drive-market';
import { localClient } from '@rangeward/localnet/local-client';
import { createLife, type Life } from '@rangeward/service/life';
import { createLogger } from '@rangeward/service/log';
import { environment } from '../config.ts';
import { type MarketSource, modelSource, recordingSource } from '../local/market-source.ts';
import { type LocalWorld, openLocalWorld } from '../local/open-local-world.ts';
import { runServicesApart, runServicesHere } from '../local/run-services.ts';
import { announceRunning, ownFolder, withdrawRunning } from '../local/running.ts';
import { followEvents } from '../story/follow-events.ts';
import { printLine, printTitle, type Screen } from '../story/print-story.ts';
import { emptyTally, summariseTally, tallyEvent } from '../story/tally-events.ts';
import { tellEvent } from '../story/tell-event.ts';

/** Logs stay here; what a run made beside them goes with it. */
const logFolder = join(ownFolder, 'local');

export type StartOptions = {
  readonly durationS: number;
  readonly watch: boolean;
  readonly seed: number;
  readonly recording: string | undefined;
  readonly blocksPerSecond: number;
  readonly processes: boolean;
};

/** Brings up the whole system on this machine, tells the story as it happens, and ends by itself. Returns the exit code. */
export async function start(options: StartOptions, screen: Screen): Promise<number> {
  const begunMs = performance.now();
  const elapsed = () => performance.now() - begunMs;
  const say = (label: string, text: string) => printLine(screen, elapsed(), { label, text, tone: 'plain' });
  const folder = join(logFolder, `${new Date().toISOString().replace(/[:.]/g, '-')}-${process.pid}`);
  await mkdir(logFolder, { recursive: true });
  const logFile = createWriteStream(join(logFolder, 'last.log'));
  const life = createLife({ log: createLogger({ service: 'local', destination: logFile }) });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => life.end(signal));
  try {
    printTitle(screen, 'Rangeward: a Uniswap V3 position that moves itself');
    say(
      'setup',
      'starting nats-server, redis-server and a local chain (the first time prepares the chain: some ten seconds)',
    );
    const market = options.recording === undefined ? modelSource(options.seed) : recordingSource(options.recording);
    const world = await openWorld(life, { market, folder, say, recording: options.recording !== undefined });
    const tally = await tellStory(life, world, screen, elapsed);
    await startServices(life, world, options.processes, logFile);
    say(
      'setup',
      `all six services are ready (${options.processes ? 'six processes' : 'one process'}); log: .rangeward/local/${options.processes ? '<service>' : 'last'}.log`,
    );
    introduce(screen, world, options);
    await trade(life, world, market, options);
    const cause = await life.ended;
    printTitle(screen, 'Summary');
    for (const line of summariseTally(tally())) screen.write(`  ${line}\n`);
    if (cause instanceof Error) screen.write(`\nEnded because something failed: ${cause.message}\n`);
    return cause instanceof Error ? 1 : 0;
  } finally {
    await life.close();
    logFile.end();
    withdrawRunning();
  }
}

type WorldNeeds = {
  market: MarketSource;
  folder: string;
  say: (label: string, text: string) => void;
  recording: boolean;
};

async function openWorld(life: Life, { market, folder, say, recording }: WorldNeeds): Promise<LocalWorld> {
  const blocks = recording ? await beginRecording(market) : null;
  const world = await openLocalWorld(life, {
    folder,
    cacheDir: join(ownFolder, 'cache'),
    market,
    durable: true,
    onProgress: (text) => say('setup', text),
    ...(blocks === null ? {} : { beforePosition: blocks }),
  });
  announceRunning({ pid: process.pid, configFile: world.configFile });
  return world;
}

/** The first block of a recording brings the pool to where the recording begins; the position is opened there. */
async function beginRecording(market: MarketSource) {
  const iterator = (market.blocks as AsyncGenerator<never>)[Symbol.asyncIterator]();
  const first = await iterator.next();
  return async (chain: { rpcUrl: string }) => {
    if (!first.done)
      await driveMarket({ rpcUrl: chain.rpcUrl, source: [first.value], blocksPerSecond: Number.POSITIVE_INFINITY });
  };
}

async function tellStory(life: Life, world: LocalWorld, screen: Screen, elapsed: () => number) {
  let tally = emptyTally;
  await life.open(
    'story',
    () =>
      followEvents({ url: world.nats.url }, (definition, event) => {
        tally = tallyEvent(tally, definition, event);
        for (const line of tellEvent(definition, event)) printLine(screen, elapsed(), line);
      }),
    (follower) => follower.close(),
  );
  return () => tally;
}

async function startServices(
  life: Life,
  world: LocalWorld,
  processes: boolean,
  destination: NodeJS.WritableStream,
): Promise<void> {
  const { configFile } = world;
  if (processes) return await runServicesApart(life, { logFolder, configFile, env: environment });
  // A folder of its own means settings of its own: what the environment says of another installation does not count here.
  await runServicesHere(life, {
    files: [configFile],
    env: {},
    destination: { write: (text: string) => destination.write(text) },
  });
}

function introduce(
  screen: Screen,
  { position, chain, nats, configFile }: LocalWorld,
  { watch, durationS }: StartOptions,
): void {
  const pool = chain.pool.toLowerCase();
  printTitle(screen, 'What you see');
  screen.write(`  NFT ${position.tokenId} provides USDC and WETH in ticks [${position.tickLower}, ${position.tickUpper}) of the USDC/WETH 0.05 % pool.
  The market trades through Uniswap's own router. When the price leaves the range, a run decides whether moving pays.
  Money here is not real, so the executor trades live. ${watch ? 'Ends with Ctrl-C.' : `Ends by itself after ${durationS} s; --watch keeps it running.`}

  Try in another terminal:
    ./rangeward status                                     what is running, and the position
    ./rangeward trigger --reason "curious"                 ask for a run now
    nats pub -s ${nats.url} lp.v1.trigger.manual.local.${pool} '{}'    the same, with any NATS client
    ./rangeward runs list                                  every run has one record
    ./rangeward explain <run>                              every number behind a decision
  Configuration: ${configFile}
`);
  printTitle(screen, 'Story');
}

async function trade(life: Life, world: LocalWorld, market: MarketSource, options: StartOptions): Promise<void> {
  const stop = new AbortController();
  const client = localClient(world.chain.rpcUrl);
  const fees = baseFees(options.seed);
  const open = () => {
    const driving = driveMarket({
      rpcUrl: world.chain.rpcUrl,
      source: market.blocks,
      blocksPerSecond: options.blocksPerSecond,
      signal: stop.signal,
      beforeBlock: () => client.setNextBlockBaseFeePerGas({ baseFeePerGas: fees.next().value }),
    });
    const ended = driving.then(
      (summary) => summary.ended === 'source' && life.end('the recording is over'),
      (error: Error) => life.end(new Error(`the market stopped: ${error.message}`)),
    );
    return { ended };
  };
  await life.open('market', open, async ({ ended }) => {
    stop.abort();
    await ended;
  });
  if (options.watch) return;
  const timer = setTimeout(() => life.end('the time is up'), options.durationS * 1000);
  life.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
}
