import { type Address, createPublicClient, defineChain, type Hex, http, type PublicClient, type Transport } from 'viem';
import { factoryAbi, poolAbi } from './abis.ts';
import { markFailed, startCallSpan } from './call-span.ts';
import { ChainError, codeOf, scrubError, secretsOf, toChainError } from './chain-error.ts';
import type { KnownChain } from './known-chains.ts';
import { openRpcSocket, type RpcSocket } from './rpc-socket.ts';
import { type ChainSettings, describeChain } from './settings.ts';

/** What services read a chain with. Every error that leaves it is scrubbed of the RPC's URL. */
export type ChainReader = {
  /** Name in the configuration. */
  readonly name: string;
  readonly known: KnownChain;
  /** viem, over HTTP; calls made at the same moment travel as one JSON-RPC batch. */
  readonly client: PublicClient;
  /** Any JSON-RPC call over HTTP, answered as the node answers it. Throws ChainError. */
  request(method: string, params: readonly unknown[]): Promise<unknown>;
  /** A WebSocket of the caller's own, to subscribe with; undefined where the configuration names none. */
  readonly openSocket: ((onClose: () => void) => Promise<RpcSocket>) | undefined;
};

type OpenChainOptions = {
  readonly name: string;
  readonly settings: ChainSettings;
  /** `describeChain(name, settings)` unless told. */
  readonly known?: KnownChain;
  /** Bound of one HTTP request; 10 s unless told. */
  readonly timeoutMs?: number;
  /** How often a failed HTTP request is repeated; 2 unless told. */
  readonly retries?: number;
};

/**
 * Opens a chain and checks that it is the configured one: chain id, code at each contract, and that each configured
 * pool is one the factory made. Throws ChainError `wrong-chain` or `no-code` with the address at fault.
 */
export async function openChain(options: OpenChainOptions): Promise<ChainReader> {
  const reader = chainReader(options);
  await verifyChain(reader, options.settings);
  return reader;
}

/** The reader without any check, for who must not wait for the node. */
export function chainReader(options: OpenChainOptions): ChainReader {
  const { name, settings } = options;
  const known = options.known ?? describeChain(name, settings);
  const client = createPublicClient({
    chain: defineOwnChain(name, known, settings.rpcUrl),
    transport: chainTransport(options),
    pollingInterval: settings.pollMs,
  });
  const { wsUrl } = settings;
  const secrets = secretsOf([settings.rpcUrl, wsUrl]);
  return {
    name,
    known,
    client,
    async request(method, params) {
      try {
        // viem types each method it knows; this passes any method through and leaves the answer unknown.
        return await client.request({ method, params } as Parameters<typeof client.request>[0]);
      } catch (cause) {
        throw toChainError(name, method, cause);
      }
    },
    openSocket: wsUrl === undefined ? undefined : (onClose) => openRpcSocket({ name, url: wsUrl, secrets, onClose }),
  };
}

/** viem's HTTP transport with batching, bounded time and retries, whose errors cannot carry the URL. */
export function chainTransport(options: Omit<OpenChainOptions, 'known'>): Transport {
  const { rpcUrl, wsUrl } = options.settings;
  const secrets = secretsOf([rpcUrl, wsUrl]);
  const inner = http(rpcUrl, {
    batch: { batchSize: 100, wait: 0 },
    timeout: options.timeoutMs ?? 10_000,
    retryCount: options.retries ?? 2,
    retryDelay: 100,
  });
  return (parameters) => {
    const transport = inner(parameters);
    const request: typeof transport.request = async (...call) => {
      const span = startCallSpan(options.name, call[0].method);
      try {
        return await transport.request(...call);
      } catch (error) {
        markFailed(span, codeOf(error));
        throw scrubError(error, secrets);
      } finally {
        span?.end();
      }
    };
    return { ...transport, request };
  };
}

/** Written out by hand, because importing viem/chains takes longer than starting a service. */
function defineOwnChain(name: string, known: KnownChain, rpcUrl: string) {
  return defineChain({
    id: known.chainId,
    name,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
}

async function verifyChain(reader: ChainReader, settings: ChainSettings): Promise<void> {
  const { name, known } = reader;
  const chainId = Number(await reader.request('eth_chainId', []));
  if (chainId !== settings.chainId) {
    throw new ChainError('wrong-chain', name, `the node serves chain id ${chainId}, configured is ${settings.chainId}`);
  }
  const { factory, positionManager, quoter, swapRouter, wrappedNative } = known;
  const contracts = { factory, positionManager, quoter, swapRouter, wrappedNative };
  await Promise.all(Object.entries(contracts).map(([role, address]) => verifyCode(reader, role, address)));
  await Promise.all(
    Object.entries(settings.pools).map(async ([alias, pool]) => {
      await verifyCode(reader, `pool ${alias}`, pool.address);
      await verifyPool(reader, alias, pool.address);
    }),
  );
}

async function verifyCode(reader: ChainReader, role: string, address: Address): Promise<void> {
  const code = await reader.request('eth_getCode', [address, 'latest']);
  if (code === '0x') throw new ChainError('no-code', reader.name, `there is no contract at ${address} (${role})`);
}

/** A contract that merely looks like a pool could report any price: only the factory's own are read. */
async function verifyPool(reader: ChainReader, alias: string, pool: Address): Promise<void> {
  const { client, known, name } = reader;
  try {
    const read = { address: pool, abi: poolAbi } as const;
    const [token0, token1, fee] = await Promise.all([
      client.readContract({ ...read, functionName: 'token0' }),
      client.readContract({ ...read, functionName: 'token1' }),
      client.readContract({ ...read, functionName: 'fee' }),
    ]);
    const made: Hex = await client.readContract({
      address: known.factory,
      abi: factoryAbi,
      functionName: 'getPool',
      args: [token0, token1, fee],
    });
    if (made.toLowerCase() === pool) return;
  } catch (cause) {
    throw toChainError(name, `checking pool ${alias} at ${pool}`, cause);
  }
  throw new ChainError('wrong-chain', name, `pool ${alias}: ${pool} was not made by the factory ${known.factory}`);
}
