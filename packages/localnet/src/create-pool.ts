import { type Address, encodeFunctionData, getContractAddress, type Hex } from 'viem';
import { type DevAccount, deployer } from './accounts.ts';
import { addresses } from './addresses.ts';
import { factoryAbi, mintAbi, poolAbi } from './contract-abis.ts';
import { tokenCreationCode } from './creation-code.ts';
import { type LocalClient, sendAndWait } from './local-client.ts';

interface TokenSpec {
  readonly name: string;
  readonly symbol: string;
  readonly decimals: number;
}

/** Deploys a fresh ERC-20 that anyone may mint. */
export async function deployTestToken(
  client: LocalClient,
  spec: TokenSpec,
  from: DevAccount = deployer,
): Promise<Address> {
  const receipt = await sendAndWait(client, from, { data: tokenCreationCode(spec.name, spec.symbol, spec.decimals) });
  if (!receipt.contractAddress) throw new Error(`${spec.symbol} was not created.`);
  return receipt.contractAddress;
}

/**
 * Deploys two fresh tokens so that the first sorts before the second: a pool of theirs has them as token0 and token1
 * in this very order, whichever decimals they have.
 */
export async function deployTokenPair(
  client: LocalClient,
  spec: { readonly token0: TokenSpec; readonly token1: TokenSpec },
  from: DevAccount = deployer,
): Promise<{ token0: Address; token1: Address }> {
  const nonce = BigInt(await client.getTransactionCount({ address: from.address }));
  const first = getContractAddress({ from: from.address, nonce });
  const second = getContractAddress({ from: from.address, nonce: nonce + 1n });
  if (first.toLowerCase() < second.toLowerCase()) {
    const token0 = await deployTestToken(client, spec.token0, from);
    return { token0, token1: await deployTestToken(client, spec.token1, from) };
  }
  const token1 = await deployTestToken(client, spec.token1, from);
  return { token0: await deployTestToken(client, spec.token0, from), token1 };
}

/** Mints `amount` (smallest units) of a test token, or of the mock USDC, to an account. */
export async function mintTestToken(client: LocalClient, token: Address, to: Address, amount: bigint): Promise<void> {
  const data = encodeFunctionData({ abi: mintAbi, functionName: 'mint', args: [to, amount] });
  await sendAndWait(client, deployer, { to: token, data });
}

interface PoolSpec {
  readonly tokenA: Address;
  readonly tokenB: Address;
  /** Fee in hundredths of a basis point: 100, 500, 3000 or 10000. */
  readonly fee: number;
  /** Initial price: sqrt(token1 per token0 in smallest units) x 2^96, with the tokens sorted by address. */
  readonly sqrtPriceX96: bigint;
  /** How many oracle observations the pool may keep (1 unless told). */
  readonly observationCardinality?: number;
}

/** Creates and initialises a pool through the real factory; answers its address. */
export async function createPool(client: LocalClient, spec: PoolSpec, from: DevAccount = deployer): Promise<Address> {
  const key = [spec.tokenA, spec.tokenB, spec.fee] as const;
  const create = encodeFunctionData({ abi: factoryAbi, functionName: 'createPool', args: key });
  await sendAndWait(client, from, { to: addresses.factory, data: create });
  const pool = await client.readContract({
    address: addresses.factory,
    abi: factoryAbi,
    functionName: 'getPool',
    args: key,
  });
  const initialize = encodeFunctionData({ abi: poolAbi, functionName: 'initialize', args: [spec.sqrtPriceX96] });
  await sendAndWait(client, from, { to: pool, data: initialize });
  await growOracle(client, pool, spec.observationCardinality ?? 1, from);
  return pool;
}

/** Reserves oracle slots in steps of 250: one costs about 22,000 gas, and a block takes 30 million. */
async function growOracle(client: LocalClient, pool: Hex, cardinality: number, from: DevAccount): Promise<void> {
  for (let reached = 1; reached < cardinality; ) {
    reached = Math.min(reached + 250, cardinality);
    const functionName = 'increaseObservationCardinalityNext';
    const data = encodeFunctionData({ abi: poolAbi, functionName, args: [reached] });
    await sendAndWait(client, from, { to: pool, data });
  }
}
