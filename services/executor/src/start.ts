import { hostname } from 'node:os';
import { autonomyOf } from '@rangeward/adapter-evm/autonomy';
import { type KnownChain, knownChains } from '@rangeward/adapter-evm/known-chains';
import { type ChainSettings, describeChain } from '@rangeward/adapter-evm/settings';
import type { Signer } from '@rangeward/adapter-evm/signer';
import { signerFromKey, signerFromKeyFile } from '@rangeward/adapter-evm/signer-from-key';
import { signerFromKeystore } from '@rangeward/adapter-evm/signer-from-keystore';
import { openWalletClient } from '@rangeward/adapter-evm/wallet-client';
import { openAuditNotes } from '@rangeward/adapter-nats/audit-notes';
import { ignoreOthers, on } from '@rangeward/adapter-nats/bus';
import type { NatsBus } from '@rangeward/adapter-nats/open-bus';
import { answerAbandonRequest, readAbandonRequest } from '@rangeward/adapter-redis/abandon-requests';
import { releaseBudget } from '@rangeward/adapter-redis/budgets';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { writeExecutorWallet } from '@rangeward/adapter-redis/executor-wallets';
import { createPlanRecords } from '@rangeward/adapter-redis/plan-records';
import { consumers, rebalancePlanned } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import { PreflightError } from '@rangeward/service/process';
import type { Address } from 'viem';
import { liveProblems } from './check-live.ts';
import { capsOf, type Settings, startProblem } from './config.ts';
import { holdWallets } from './hold-wallet.ts';
import { createLedger } from './ledger.ts';
import { onControl } from './on-control.ts';
import { onPlanApproved } from './on-plan-approved.ts';
import { adoptAtStart, handlePlans, type PlanHandling } from './on-rebalance-planned.ts';
import { openAdoption } from './open-adoption.ts';
import { openProposals } from './propose-plan.ts';
import { createReleaseRejected } from './release-rejected.ts';
import { createReportError } from './report-error.ts';
import { startWatches } from './start-watches.ts';
import { createWalletCaps } from './wallet-caps.ts';
import type { WalletTools } from './wallet-tools.ts';
import { openStops, type StopWatch } from './watch-stops.ts';

export type Dependencies = {
  readonly bus: NatsBus;
  readonly redis: Redis;
  readonly config: Settings;
  readonly log: Logger;
  readonly now: () => number;
  /** Told of every boundary between two effects; tests end an executor there. */
  readonly onBoundary?: (place: string) => void | Promise<void>;
};

/** Plans in, trades out. Throws PreflightError when key, wallet or acknowledgement are not as the mode needs them. */
export async function start(dependencies: Dependencies): Promise<{ stop(): Promise<void> }> {
  const { bus, redis, config, log } = dependencies;
  const audit = openAuditNotes(bus.broker, 'executor');
  const stops = openStops(dependencies, audit);
  const wallets = await openWallets(dependencies, stops).catch(async (error: unknown) => {
    await stops.close();
    throw error;
  });
  const releaseRejected = createReleaseRejected({ wallets, releaseBudget: (id) => releaseBudget(redis, id), log });
  const hold = holdWallets(redis, `${hostname()}/${process.pid}`, config.executor.leaseMs);
  const handling: PlanHandling = {
    ...{ wallets, hold, bus, releaseRejected },
    proposals: openProposals(redis),
    adoption: openAdoption(dependencies),
  };
  const ending = new AbortController();
  const adopting = [...handling.wallets.values()].map((tools) =>
    adoptAtStart(handling, tools, ending.signal).catch((error: unknown) =>
      log.warn(
        { err: error, chain: tools.chain },
        'the wallet is not adopted yet, or a plan begun before not finished; it is tried again',
      ),
    ),
  );
  const watches = startWatches(handling, {
    finalityCheckMs: config.executor.finalityCheckS * 1000,
    log,
    signal: ending.signal,
  });
  const consumptions = await Promise.all([
    bus.consume(consumers.executorPlans, [on(rebalancePlanned, handlePlans(handling)), ignoreOthers]),
    bus.consume(consumers.executorApprovals, [onPlanApproved(handling)]),
    bus.consume(consumers.executorControls, [onControl({ redis, stops, log })]),
  ]);
  return {
    stop: async () => {
      ending.abort();
      await Promise.all(consumptions.map((consumption) => consumption.stop()));
      await Promise.all([...adopting, watches.stop(), stops.close()]);
      await audit.close(LAST_NOTES_MS);
    },
  };
}

/** How long the last audit entries may take when the service stops. */
const LAST_NOTES_MS = 2_000;

/** What plans are carried out with, by the chain's configured name. */
async function openWallets(dependencies: Dependencies, stops: StopWatch): Promise<ReadonlyMap<string, WalletTools>> {
  const { config, log } = dependencies;
  const names = Object.keys(config.chains);
  if (names.length === 0) {
    log.warn('no chain is configured: every plan will be rejected');
    return new Map();
  }
  const signer = config.mode === 'live' ? await openSigner(config, log) : null;
  const wallet = config.mode === 'live' ? (signer?.address ?? null) : (config.executor.wallet ?? null);
  const known = Object.fromEntries(
    Object.entries(config.chains).map(([name, settings]) => [name, describeChain(name, settings)]),
  );
  const problem = startProblem(config, wallet, known);
  if (problem !== null || wallet === null) throw new PreflightError(`executor: ${problem}`);
  const unfit = await liveProblems(dependencies, known);
  if (unfit.length > 0) throw new PreflightError(`executor: real money is not moved here. ${unfit.join(' ')}`);
  // Decision holds a position that this wallet does not own, instead of planning what is then refused.
  await Promise.all(names.map((name) => writeExecutorWallet(dependencies.redis, name, wallet)));
  log.info({ mode: config.mode, wallet, chains: names }, 'wallet ready');
  const entries = Object.entries(config.chains).map(([name, settings]) => {
    const chain = known[name] ?? knownChains.local;
    return [name, toolsOf(dependencies, { name, settings, chain, wallet, signer, stops })] as const;
  });
  return new Map(entries);
}

type OfChain = {
  readonly name: string;
  readonly settings: ChainSettings;
  readonly chain: KnownChain;
  readonly wallet: Address;
  readonly signer: Signer | null;
  readonly stops: StopWatch;
};

function toolsOf(dependencies: Dependencies, of: OfChain): WalletTools {
  const { bus, redis, config, log, now, onBoundary } = dependencies;
  const { name, settings, chain, wallet, signer, stops } = of;
  const { executor } = config;
  const { positionManager, swapRouter, routerKind, quoter } = chain;
  return {
    chain: name,
    chainId: settings.chainId,
    mode: config.mode,
    wallet,
    ...clientsOf(name, settings),
    signer,
    records: createPlanRecords(redis, { chainId: settings.chainId, wallet }),
    site: { positionManager, swapRouter, routerKind, wallet },
    quoter,
    pools: new Set(Object.values(settings.pools).map((pool) => pool.address)),
    configuredNfts: new Set(
      Object.values(settings.pools).flatMap(({ positions }) => positions.map(({ tokenId }) => tokenId)),
    ),
    limits: {
      confirmations: settings.confirmations,
      receiptPollMs: executor.receiptPollMs,
      resendMs: executor.resendS * 1000,
      receiptTimeoutMs: executor.receiptTimeoutS * 1000,
      bumpAfterMs: executor.bumpAfterS * 1000,
      mostFeeTimes: executor.mostFeeTimes,
      disagreeAfterMs: executor.disagreeAfterS * 1000,
      finalityBlocks: settings.finalityBlocks ?? FINALITY_BLOCKS,
      maxTwapDeviationTicks: executor.maxTwapDeviationTicks,
      twapWindowS: executor.twapWindowS,
      longestDeadlineS: executor.longestDeadlineS,
    },
    ledger: createLedger({ redis, log, now }),
    caps: createWalletCaps({
      ...{ redis, wallet, now },
      chainId: settings.chainId,
      caps: capsOf(executor.caps, chain.local),
    }),
    autonomy: ({ run, position }) =>
      autonomyOf({
        ...{ autonomy: config.autonomy, local: chain.local, chain: settings },
        ...{ pool: run.pool, position: position.id },
      }),
    stopAsked: () => stops.asked(),
    abandons: {
      read: (planId) => readAbandonRequest(redis, planId),
      answer: (planId, answer) => answerAbandonRequest(redis, planId, answer),
    },
    reportError: createReportError(bus, log),
    log: log.child({ chain: name }),
    now,
    ...(onBoundary === undefined ? {} : { onBoundary }),
  };
}

/** Two epochs of Ethereum. */
const FINALITY_BLOCKS = 64;
/** For so many blocks the private endpoints try to have a transaction mined. */
const VANISH_BLOCKS = 25;

function clientsOf(name: string, settings: ChainSettings): Pick<WalletTools, 'client' | 'second' | 'privately'> {
  const { secondRpcUrl, privateRpcUrl, privateVanishBlocks, privateWhenVanished } = settings;
  const open = (rpcUrl: string) => openWalletClient({ name, settings: { ...settings, rpcUrl } });
  return {
    client: open(settings.rpcUrl),
    second: secondRpcUrl === undefined ? null : open(secondRpcUrl),
    privately:
      privateRpcUrl === undefined
        ? null
        : {
            client: open(privateRpcUrl),
            vanishBlocks: privateVanishBlocks ?? VANISH_BLOCKS,
            whenVanished: privateWhenVanished ?? 'again',
          },
  };
}

/** The key from its file, or from the environment where no file is possible. Null when there is neither. */
async function openSigner(config: Settings, log: Logger): Promise<Signer | null> {
  const { wallet } = config.executor;
  const signer = await readSigner(config.executor, log);
  if (signer !== null && wallet !== undefined && wallet !== signer.address) {
    throw new PreflightError(`executor: executor.wallet is ${wallet}, but the key is that of ${signer.address}.`);
  }
  return signer;
}

async function readSigner(from: Settings['executor'], log: Logger): Promise<Signer | null> {
  const { keystoreFile, keystorePassword, keyFile, privateKey } = from;
  const given = [keystoreFile, keyFile, privateKey].filter((source) => source !== undefined);
  if (given.length > 1) {
    throw new PreflightError('executor: set one of executor.keystoreFile, executor.keyFile and executor.privateKey.');
  }
  try {
    if (keystoreFile !== undefined) {
      if (keystorePassword === undefined) throw new Error('executor.keystorePassword is not set.');
      return await signerFromKeystore(keystoreFile, keystorePassword);
    }
    if (keyFile === undefined) return privateKey === undefined ? null : signerFromKey(privateKey);
    const { signer, othersMayRead } = await signerFromKeyFile(keyFile);
    if (othersMayRead) log.warn({ keyFile }, 'others may read the key file; chmod 0400 it');
    return signer;
  } catch (error) {
    throw new PreflightError(`executor: ${error instanceof Error ? error.message : 'the key cannot be read'}`);
  }
}
