import { z } from 'zod';
import { type KnownChain, knownChains } from './known-chains.ts';

/** What a person configures of a chain, its pools and positions; every service that touches a chain spreads this in. */

/** An address in any spelling, taken in lower case. */
export const configuredAddress = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'expected 0x and 40 hex digits')
  // The pattern is what the type says, and lower case keeps it so.
  .transform((text) => text.toLowerCase() as `0x${string}`);

const positionSettings = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, 'expected 1 to 32 of a-z, 0-9 and -')
    .describe('your name for the position; stays while its NFT changes'),
  tokenId: z.coerce.bigint().positive().describe('id of the NFT to begin with; later ones are followed'),
  autonomy: z
    .enum(['observe', 'propose', 'act'])
    .optional()
    .describe('for this position, where it differs from the rest'),
});

const tokenSettings = z.strictObject({ symbol: z.string().min(1).max(16), decimals: z.int().min(0).max(36) });

const poolSettings = z
  .strictObject({
    address: configuredAddress.describe('address of the Uniswap V3 pool'),
    token0: tokenSettings,
    token1: tokenSettings,
    stable: z.enum(['token0', 'token1']).describe('which token is the dollar'),
    positions: z.array(positionSettings).default([]),
  })
  .superRefine((pool, context) => {
    // Micro-dollars are the dollar token's own smallest units; another scale would be wrong silently.
    if (pool[pool.stable].decimals === 6) return;
    const path = [pool.stable, 'decimals'];
    context.addIssue({ code: 'custom', path, message: 'the dollar token must have 6 decimals' });
  })
  .superRefine(({ positions }, context) => {
    // Runs, records and the registry know a position by its name.
    for (const [index, { id }] of positions.entries()) {
      const first = positions.findIndex((other) => other.id === id);
      if (first === index) continue;
      context.addIssue({ code: 'custom', path: ['positions', index, 'id'], message: 'another position has this name' });
    }
  });
export type PoolSettings = z.output<typeof poolSettings>;

const overrides = z.strictObject({
  factory: configuredAddress,
  positionManager: configuredAddress,
  quoter: configuredAddress,
  swapRouter: configuredAddress,
  routerKind: z.enum(['swap-router', 'swap-router-02']),
  wrappedNative: configuredAddress,
});

const chainFields = z.strictObject({
  chainId: z.int().positive().describe('checked against the node at start'),
  rpcUrl: z.url({ protocol: /^https?$/ }).describe('HTTP RPC; a secret, never logged'),
  wsUrl: z
    .url({ protocol: /^wss?$/ })
    .optional()
    .describe('WebSocket RPC for the listener; polled by HTTP when absent'),
  secondRpcUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('HTTP RPC of another provider, asked before a step counts as done; a secret, never logged'),
  privateRpcUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('endpoint that keeps transactions out of the public pool; sends go there; a secret, never logged'),
  privateVanishBlocks: z
    .int()
    .min(1)
    .optional()
    .describe('blocks after which that endpoint has let an unmined transaction go; 25 when absent'),
  privateWhenVanished: z
    .enum(['again', 'public'])
    .optional()
    .describe('what was let go is sent there again, or to rpcUrl for everybody to see; again when absent'),
  finalityBlocks: z
    .int()
    .min(1)
    .optional()
    .describe('transactions of closed plans are looked at again until so many blocks hold them; 64 when absent'),
  contracts: overrides.partial().default({}).describe('addresses that differ from the known ones'),
  confirmations: z
    .int()
    .min(1)
    .default(2)
    .describe('blocks that must hold a transaction before it counts, its own included'),
  reorgDepth: z.int().min(1).default(12).describe('how many blocks back the listener watches for a reorganisation'),
  pollMs: z.int().min(50).default(1000).describe('pause between polls where there is no WebSocket'),
  gasThresholdGwei: z
    .number()
    .positive()
    .optional()
    .describe('a gas trigger fires at or under this; the known chain’s when absent'),
  pools: z.record(z.string().regex(/^[a-z0-9-]{1,32}$/), poolSettings).default({}),
});
const chainSettings = chainFields.superRefine(({ pools }, context) => {
  const seen = new Map<string, string>();
  const nfts = new Map<bigint, string>();
  for (const [name, { address, positions }] of Object.entries(pools)) {
    const twin = seen.get(address);
    const path = ['pools', name, 'address'];
    // A trigger names the pool by its address; positions under a second name would never be found.
    if (twin !== undefined) context.addIssue({ code: 'custom', path, message: `is the pool ${twin} already` });
    seen.set(address, name);
    for (const [index, { id, tokenId }] of positions.entries()) {
      const owner = nfts.get(tokenId);
      const place = ['pools', name, 'positions', index, 'tokenId'];
      if (owner !== undefined)
        context.addIssue({ code: 'custom', path: place, message: `is managed as ${owner} already` });
      nfts.set(tokenId, `${name}/${id}`);
    }
  }
});
export type ChainSettings = z.output<typeof chainSettings>;

export const chainsSettings = z.record(z.string().regex(/^[a-z0-9-]{2,32}$/), chainSettings).describe('chains by name');

/** Addresses and habits of a configured chain: known ones by chain id, overridden by the configuration. */
export function describeChain(name: string, settings: ChainSettings): KnownChain {
  const known: KnownChain | undefined = Object.values(knownChains).find((chain) => chain.chainId === settings.chainId);
  const complete = overrides.safeParse(settings.contracts);
  if (known === undefined && !complete.success) {
    throw new Error(
      `chains.${name}: chain id ${settings.chainId} is not a known one, so chains.${name}.contracts must name all its contracts`,
    );
  }
  const base = known ?? { ...knownChains.local, chainId: settings.chainId, local: false };
  const chosen = Object.fromEntries(Object.entries(settings.contracts).filter(([, value]) => value !== undefined));
  return {
    ...base,
    ...chosen,
    ...(settings.gasThresholdGwei === undefined ? {} : { gasThresholdGwei: settings.gasThresholdGwei }),
  };
}
