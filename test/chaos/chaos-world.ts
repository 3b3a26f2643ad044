import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWalletClient, type WalletClient } from '@rangeward/adapter-evm/wallet-client';
import { type NatsBus, openBus } from '@rangeward/adapter-nats/open-bus';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { createInbox } from '@rangeward/adapter-redis/inbox';
import type { ServiceName } from '@rangeward/contracts';
import { type LocalChain, loadChain } from '@rangeward/localnet/chain-state';
import { type LocalClient, localClient } from '@rangeward/localnet/local-client';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { type RpcProxy, startRpcProxy } from '@rangeward/localnet/rpc-proxy';
import { createLogger } from '@rangeward/service/log';
import type { Address } from 'viem';
import { type BlockMaker, makeBlocks } from './block-maker.ts';
import { chaosLeaseMs } from './chaos-protocol.ts';
import { type ServiceSpec, type SupervisedService, superviseService } from './supervised-service.ts';

/** Real servers, a real chain whose blocks come by themselves, and services as processes; everything has a PID of its own. */
export type ChaosWorld = {
  readonly folder: string;
  readonly nats: NatsServer;
  readonly redisServer: RedisServer;
  readonly chain: LocalChain;
  /** Between the services and the chain. The driver asks the chain itself. */
  readonly proxy: RpcProxy;
  readonly blocks: BlockMaker;
  readonly client: LocalClient;
  readonly walletClient: WalletClient;
  readonly wallet: Address;
  readonly redis: Redis;
  readonly bus: NatsBus;
  readonly services: readonly SupervisedService[];
  /** The first block that was made for this world. */
  readonly firstBlock: number;
  close(): Promise<void>;
};

export type WorldOptions = {
  readonly confirmations: number;
  readonly blockMs?: number;
  /** Which services run, as often as they stand there. */
  readonly services: readonly ServiceName[];
  readonly bug?: string | undefined;
  /** The lease and the broker's waits of production, instead of short ones. */
  readonly productionTimes?: boolean;
  readonly onBoundary?: ServiceSpec['onBoundary'];
  /** The configuration, changed. Called when `prepare` is over. */
  readonly settings?: (base: BaseSettings, chain: LocalChain) => Record<string, unknown>;
  /** Done before any service starts; blocks are made already. */
  readonly prepare?: (world: Pick<ChaosWorld, 'chain' | 'client'>) => Promise<void>;
  /** Keeps folder and logs at the end, for a look. */
  readonly keep?: boolean;
};

const log = createLogger({ service: 'chaos', level: 'silent' });

export async function openChaosWorld(options: WorldOptions): Promise<ChaosWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'rangeward-chaos-'));
  const closing: (() => Promise<unknown>)[] = options.keep ? [] : [() => rm(folder, { recursive: true, force: true })];
  const opened = async <T>(part: Promise<T>, close: (part: T) => Promise<unknown>): Promise<T> => {
    const given = await part;
    closing.push(() => close(given));
    return given;
  };
  const close = async () => {
    for (const end of closing.reverse()) await end().catch(() => {});
  };
  const stop = (one: { stop(): Promise<void> }) => one.stop();
  try {
    const [nats, redisServer, chain] = await Promise.all([
      opened(startNatsServer({ dir: join(folder, 'nats') }), stop),
      opened(startRedisServer({ dir: join(folder, 'redis') }), stop),
      opened(loadChain({ noMining: true, dir: join(folder, 'chain') }), stop),
    ]);
    const proxy = await opened(startRpcProxy({ upstreamUrl: chain.rpcUrl, enforceReplacement: true }), stop);
    const client = localClient(chain.rpcUrl);
    const blocks = await opened(Promise.resolve(makeBlocks(client, options.blockMs ?? 60)), stop);
    await options.prepare?.({ chain, client });
    const redis = await opened(connectRedis({ url: redisServer.url, commandTimeoutMs: 2_000 }), closeRedis);
    const bus = await opened(openBus({ url: nats.url, service: 'test', inbox: createInbox(redis), log }), (it) =>
      it.drain(),
    );
    const configFile = join(folder, 'rangeward.yaml');
    const base = baseSettings({ nats, redisServer, chain, proxy }, options);
    const settings = options.settings?.(base, chain) ?? base;
    // JSON is YAML.
    await writeFile(configFile, JSON.stringify(settings));
    const firstBlock = Number(await client.getBlockNumber()) + 1;
    const services = startServices(options, folder, configFile);
    closing.push(() => Promise.all(services.map(stop)));
    await Promise.all(services.map((service) => service.ready()));
    const chainSettings = {
      chainId: chain.chainId,
      rpcUrl: chain.rpcUrl,
      contracts: {},
      confirmations: 1,
      reorgDepth: 12,
      pollMs: 50,
      pools: {},
    };
    const walletClient = openWalletClient({ name: 'local', settings: chainSettings });
    // The operator's address in lower case is an address still.
    const wallet = chain.accounts.operator.address.toLowerCase() as Address;
    return {
      folder,
      nats,
      redisServer,
      chain,
      proxy,
      blocks,
      client,
      walletClient,
      wallet,
      redis,
      bus,
      services,
      firstBlock,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function startServices(options: WorldOptions, folder: string, configFile: string): SupervisedService[] {
  return options.services.map((service, index) =>
    superviseService({
      service,
      configFile,
      logFile: join(folder, `${service}-${index}.log`),
      bug: options.bug,
      productionTimes: options.productionTimes ?? false,
      ...(options.services.filter((one) => one === service).length > 1 ? { replica: index } : {}),
      ...(options.onBoundary === undefined ? {} : { onBoundary: options.onBoundary }),
    }),
  );
}

type Parts = Pick<ChaosWorld, 'nats' | 'redisServer' | 'chain' | 'proxy'>;

type BaseSettings = ReturnType<typeof baseSettings>;

function baseSettings({ nats, redisServer, chain, proxy }: Parts, { confirmations, productionTimes }: WorldOptions) {
  const usdc = { symbol: 'USDC', decimals: 6 };
  const weth = { symbol: 'WETH', decimals: 18 };
  return {
    mode: 'live',
    nats: { url: nats.url },
    redis: { url: redisServer.url },
    chains: {
      local: {
        chainId: chain.chainId,
        rpcUrl: proxy.url,
        confirmations,
        pools: { main: { address: chain.pool, token0: usdc, token1: weth, stable: 'token0' } },
      },
    },
    executor: {
      privateKey: chain.accounts.operator.privateKey,
      ...(productionTimes ? {} : { leaseMs: chaosLeaseMs }),
      receiptPollMs: 40,
      resendS: 1,
      receiptTimeoutS: 10,
    },
  };
}
