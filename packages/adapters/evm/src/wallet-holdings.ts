import type { Address } from 'viem';
import { readContract } from 'viem/actions';
import { poolAbi, positionManagerAbi, tokenAbi } from './abis.ts';
import { lowerAddress } from './lower-address.ts';
import { isRevert } from './read-pool.ts';
import type { WalletClient } from './wallet-client.ts';

/** What a wallet has that plans are about. */
export type WalletHoldings = {
  /** NFTs that hold liquidity, newest first; of the pool among those asked for, null for any other. */
  readonly nfts: readonly { readonly tokenId: bigint; readonly pool: Address | null; readonly liquidity: bigint }[];
  readonly tokens: readonly { readonly token: Address; readonly balance: bigint }[];
  /** Approvals that stand. */
  readonly allowances: readonly { readonly token: Address; readonly spender: Address; readonly amount: bigint }[];
};

type HoldingsQuery = {
  readonly wallet: Address;
  readonly positionManager: Address;
  readonly pools: readonly Address[];
  /** Who may have been approved. */
  readonly spenders: readonly Address[];
};

/** So many NFTs are looked at, from the newest; a rebalance leaves an empty one behind. */
const MOST_NFTS = 200;

/** Reads them at the latest block; not all of one block, so that a difference is worth a second look. */
export async function readWalletHoldings(client: WalletClient, of: HoldingsQuery): Promise<WalletHoldings> {
  const pools = await Promise.all(of.pools.map((pool) => readPoolKey(client, pool)));
  const tokens = [...new Set(pools.flatMap(({ token0, token1 }) => [token0, token1]))];
  const [nfts, balances, allowances] = await Promise.all([
    readNfts(client, of, pools),
    Promise.all(tokens.map((token) => readBalance(client, token, of.wallet))),
    Promise.all(
      tokens.flatMap((token) => of.spenders.map((spender) => readAllowance(client, { token, spender }, of.wallet))),
    ),
  ]);
  return { nfts, tokens: balances, allowances: allowances.filter(({ amount }) => amount > 0n) };
}

/** Who owns an NFT and how much liquidity it holds; null when it does not exist (any more). */
export async function readNft(
  client: WalletClient,
  positionManager: Address,
  tokenId: bigint,
): Promise<{ readonly owner: Address; readonly liquidity: bigint } | null> {
  const manager = { address: positionManager, abi: positionManagerAbi } as const;
  try {
    const [owner, stored] = await Promise.all([
      readContract(client, { ...manager, functionName: 'ownerOf', args: [tokenId] }),
      readContract(client, { ...manager, functionName: 'positions', args: [tokenId] }),
    ]);
    return { owner: lowerAddress(owner), liquidity: stored[7] };
  } catch (error) {
    if (isRevert(error)) return null;
    throw error;
  }
}

async function readPoolKey(client: WalletClient, address: Address) {
  const pool = { address, abi: poolAbi } as const;
  const [token0, token1, feePips] = await Promise.all([
    readContract(client, { ...pool, functionName: 'token0' }),
    readContract(client, { ...pool, functionName: 'token1' }),
    readContract(client, { ...pool, functionName: 'fee' }),
  ]);
  return { address, token0: lowerAddress(token0), token1: lowerAddress(token1), feePips };
}
type PoolKey = Awaited<ReturnType<typeof readPoolKey>>;

async function readNfts(client: WalletClient, of: HoldingsQuery, pools: readonly PoolKey[]) {
  const manager = { address: of.positionManager, abi: positionManagerAbi } as const;
  const count = Number(await readContract(client, { ...manager, functionName: 'balanceOf', args: [of.wallet] }));
  const newest = Array.from({ length: Math.min(count, MOST_NFTS) }, (_, index) => BigInt(count - 1 - index));
  const all = await Promise.all(
    newest.map(async (index) => {
      const args = [of.wallet, index] as const;
      const tokenId = await readContract(client, { ...manager, functionName: 'tokenOfOwnerByIndex', args });
      const stored = await readContract(client, { ...manager, functionName: 'positions', args: [tokenId] });
      const [, , token0, token1, feePips, , , liquidity] = stored;
      const key = { token0: lowerAddress(token0), token1: lowerAddress(token1), feePips };
      const pool = pools.find(
        (one) => one.token0 === key.token0 && one.token1 === key.token1 && one.feePips === feePips,
      );
      return { tokenId, pool: pool?.address ?? null, liquidity };
    }),
  );
  return all.filter(({ liquidity }) => liquidity > 0n);
}

async function readBalance(client: WalletClient, token: Address, wallet: Address) {
  const args = [wallet] as const;
  const balance = await readContract(client, { address: token, abi: tokenAbi, functionName: 'balanceOf', args });
  return { token, balance };
}

async function readAllowance(
  client: WalletClient,
  { token, spender }: { readonly token: Address; readonly spender: Address },
  wallet: Address,
) {
  const args = [wallet, spender] as const;
  const amount = await readContract(client, { address: token, abi: tokenAbi, functionName: 'allowance', args });
  return { token, spender, amount };
}
