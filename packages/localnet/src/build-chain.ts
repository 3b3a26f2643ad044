import { encodeFunctionData, parseEther, parseUnits } from 'viem';
import { backgroundLp, type DevAccount, operator, traders } from './accounts.ts';
import { addresses } from './addresses.ts';
import { poolAbi, wethAbi } from './contract-abis.ts';
import { createPool, mintTestToken } from './create-pool.ts';
import { deployUniswap } from './deploy-uniswap.ts';
import { type LocalClient, localClient, sendAndWait } from './local-client.ts';
import { approve, openPosition } from './open-position.ts';

/** The prepared chain's last block: 2026-01-05T00:00:00Z, a Monday. The pool was opened in the hour before. */
export const chainStartS = 1_767_571_200;
/** Seconds between blocks, as on mainnet. */
const blockIntervalS = 12;

const genesisS = chainStartS - 3_600;
const firstPriceUsdcPerWeth = 3_000n;
/** Enough for a time-weighted price over more than an hour and a half of trading in every block. */
const observationCardinality = 500;

/** Who starts with what. Traders and the background LP are deep enough for months of a real day's volume. */
const funding: readonly { account: DevAccount; usdc: bigint; weth: bigint; eth: bigint }[] = [
  { account: operator, usdc: parseUnits('500000', 6), weth: parseEther('150'), eth: parseEther('100') },
  ...[backgroundLp, ...traders].map((account) => ({
    account,
    usdc: parseUnits('2000000000', 6),
    weth: parseEther('500000'),
    eth: parseEther('10000'),
  })),
];

/**
 * Background liquidity, 1.2e19 at the first price as in the mainnet pool: a fifth over the full range, the rest wide
 * enough that the managed position is never alone. A factor of 2 reaches from half the first price to twice.
 */
const backgroundRanges: readonly { liquidity: number; priceFactor: number }[] = [
  { liquidity: 2.4e18, priceFactor: Number.POSITIVE_INFINITY },
  { liquidity: 4.8e18, priceFactor: 2 },
  { liquidity: 4.8e18, priceFactor: 1.25 },
];

/** anvil's settings for a build whose every block, hash included, comes out the same each time. */
export const buildAnvilOptions = { timestamp: genesisS } as const;

/**
 * Builds the world on a fresh anvil (started with `buildAnvilOptions`): contracts, funded and approved accounts, the
 * USDC/WETH 0.05 % pool with background liquidity. Ends with a block at `chainStartS`.
 */
export async function buildChain(rpcUrl: string): Promise<void> {
  const client = localClient(rpcUrl);
  await client.setBlockTimestampInterval({ interval: blockIntervalS });
  await deployUniswap(rpcUrl);
  for (const row of funding) await fund(client, row);
  await createPool(client, {
    tokenA: addresses.usdc,
    tokenB: addresses.weth,
    fee: 500,
    sqrtPriceX96: firstSqrtPriceX96(),
    observationCardinality,
  });
  for (const range of backgroundRanges) await addBackground(client, rpcUrl, range);
  await client.removeBlockTimestampInterval();
  await client.setNextBlockTimestamp({ timestamp: BigInt(chainStartS) });
  await client.setNextBlockBaseFeePerGas({ baseFeePerGas: 1_000_000_000n });
  await client.mine({ blocks: 1 });
}

async function fund(client: LocalClient, row: (typeof funding)[number]): Promise<void> {
  const { address } = row.account;
  // One ETH more pays for the transactions below; the last line sets what is left to the round figure.
  await client.setBalance({ address, value: row.weth + parseEther('1') });
  const deposit = encodeFunctionData({ abi: wethAbi, functionName: 'deposit' });
  await sendAndWait(client, row.account, { to: addresses.weth, data: deposit, valueWei: row.weth });
  await mintTestToken(client, addresses.usdc, address, row.usdc);
  for (const token of [addresses.usdc, addresses.weth]) {
    for (const spender of [addresses.swapRouter, addresses.positionManager]) {
      await approve(client, row.account, token, spender);
    }
  }
  await client.setBalance({ address, value: row.eth });
}

async function addBackground(
  client: LocalClient,
  rpcUrl: string,
  range: (typeof backgroundRanges)[number],
): Promise<void> {
  const [sqrtPriceX96, tick] = await client.readContract({
    address: addresses.usdcWethPool,
    abi: poolAbi,
    functionName: 'slot0',
  });
  const { tickLower, tickUpper } = ticksAround(tick, range.priceFactor);
  // Floating point is near enough: how much background there is need not be exact, only the same every time.
  const sqrtPrice = Number(sqrtPriceX96) / 2 ** 96;
  const amount0 = range.liquidity * (1 / sqrtPrice - 1 / 1.0001 ** (tickUpper / 2));
  const amount1 = range.liquidity * (sqrtPrice - 1.0001 ** (tickLower / 2));
  await openPosition({
    rpcUrl,
    account: backgroundLp,
    pool: addresses.usdcWethPool,
    tickLower,
    tickUpper,
    amount0Desired: BigInt(Math.ceil(amount0)),
    amount1Desired: BigInt(Math.ceil(amount1)),
  });
}

/** The range of prices between price / factor and price x factor, on the grid of the 0.05 % pool (spacing 10). */
function ticksAround(tick: number, priceFactor: number): { tickLower: number; tickUpper: number } {
  const spacing = 10;
  const widest = 887_270;
  const width = Math.log(priceFactor) / Math.log(1.0001);
  const lower = Math.floor((tick - width) / spacing) * spacing;
  const upper = Math.ceil((tick + width) / spacing) * spacing;
  return { tickLower: Math.max(lower, -widest), tickUpper: Math.min(upper, widest) };
}

/** sqrt(WETH wei per millionth of a USDC) x 2^96, rounded down. */
function firstSqrtPriceX96(): bigint {
  return sqrtDown(((10n ** 18n) << 192n) / (firstPriceUsdcPerWeth * 10n ** 6n));
}

/** Newton's method from above. */
function sqrtDown(value: bigint): bigint {
  let root = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
