import { poolAbi, positionManagerAbi } from '@rangeward/adapter-evm/abis';
import type { TradeExecuted } from '@rangeward/contracts';
import { operator, traders } from '@rangeward/localnet/accounts';
import { addresses } from '@rangeward/localnet/addresses';
import { type LocalChain, loadChain } from '@rangeward/localnet/chain-state';
import { mintTestToken } from '@rangeward/localnet/create-pool';
import { sumOfPartsX192 } from '@rangeward/uniswap-v3/attribution';
import { addAmounts, quoteAt, valueX192 } from '@rangeward/uniswap-v3/value-ledger';
import { type Address, encodeFunctionData, parseAbi } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  balancesOf,
  type LineWorld,
  minus,
  open,
  openLineWorld,
  readLinePnl,
  rebalance,
  send,
  trade,
  withdraw,
} from './line-world.ts';

let chain: LocalChain;
beforeAll(async () => {
  chain = await loadChain();
});
afterAll(() => chain?.stop());

const planA = 'a1'.repeat(32);
const planB = 'b2'.repeat(32);
const MAX_UINT128 = 2n ** 128n - 1n;

function manager(name: 'collect' | 'burn', tokenId: bigint, recipient = operator.address) {
  if (name === 'burn') return encodeFunctionData({ abi: positionManagerAbi, functionName: 'burn', args: [tokenId] });
  const args = [{ tokenId, recipient, amount0Max: MAX_UINT128, amount1Max: MAX_UINT128 }] as const;
  return encodeFunctionData({ abi: positionManagerAbi, functionName: 'collect', args });
}

const { positionManager } = addresses;
const tokenCalls = parseAbi([
  'function transferFrom(address, address, uint256)',
  'function transfer(address, uint256)',
]);

describe.each(['token0', 'token1'] as const)('profit and loss of a line of NFTs, the dollar %s', (stable) => {
  let world: LineWorld;
  beforeAll(async () => {
    world = await openLineWorld(chain, stable);
  });

  const wallet = async () => ({
    tokens: await balancesOf(world),
    wei: await world.client.getBalance({ address: operator.address }),
  });

  /** What the books say is what the wallet and the pool say, and the parts are the change. */
  async function expectTrue(
    reading: Awaited<ReturnType<typeof readLinePnl>>,
    before: Awaited<ReturnType<typeof wallet>>,
  ) {
    const { inStable, inVolatile, total, rows } = reading.report;
    const sums = inStable.tokens;
    const now = await wallet();
    expect(minus(now.tokens, before.tokens)).toEqual(minus(addAmounts(sums.idle, sums.withdrawn), sums.deposited));
    expect(reading.ledger.gasWei).toBe(before.wei - now.wei);
    expect(stable === 'token0' ? sums.gas.amount1 : sums.gas.amount0).toBe(before.wei - now.wei);
    for (const found of [inStable, inVolatile]) expect(sumOfPartsX192(found.parts)).toBe(found.changeX192);
    const { change, vsHodl: _, lvr: __, ...parts } = total.inStable;
    expect(Object.values(parts).reduce((sum, part) => sum + part, 0n)).toBe(change);
    expect(rows.reduce((sum, { inStable: row }) => sum + row.change, 0n)).toBe(change);
    expect(rows.reduce((sum, { inVolatile: row }) => sum + row.feesCollected, 0n)).toBe(total.inVolatile.feesCollected);
    expect(inStable.parts.ilRealisedX192 <= 0n && inStable.parts.swapCostX192 <= 0n).toBe(true);
  }

  it('adds up to the wei from the first deposit to the burn, over three days, two NFTs, a swap, a stranger and a close by hand', async () => {
    const before = await wallet();
    const first = await open(world, 200);
    await trade(world, 12_000n, 1);
    await send(world, operator, positionManager, manager('collect', first), { planId: planA, step: 9 });
    await trade(world, -9_000n, 1);
    await trade(world, 400_000n);
    const second = await rebalance(world, first, planB);
    await trade(world, -15_000n);
    await addByStranger(second);
    await trade(world, 11_000n, 1);
    const reading = await readLinePnl(world, [first]);
    expect(reading.line.tokenIds).toEqual([first, second]);
    await expectTrue(reading, before);
    expect(reading.report.rows).toHaveLength(4);
    expect(reading.report.total.inStable.gifts).toBeGreaterThan(0n);
    expect(reading.report.total.inStable.swapCost).toBeLessThan(0n);
    expect(reading.notes).toContainEqual(expect.stringMatching(/added liquidity to it, counted as a gift/));
    const kinds = reading.ledger.entries.map(({ entry }) => entry.kind);
    expect(kinds.filter((kind) => kind === 'gas')).toHaveLength(7); // mint; collect; withdraw, approve, swap, mint, reset
    expect(kinds.filter((kind) => kind === 'deposit')).toHaveLength(1);
    expectValue(reading, await priceNow());
    expectPathFees(reading);

    // What is said to be in the NFT is what comes out of it when nothing happens before.
    const { principal, feesUncollected } = reading.report.inStable.tokens;
    const held = await balancesOf(world);
    await withdraw(world, second);
    await send(world, operator, positionManager, manager('burn', second));
    expect(minus(await balancesOf(world), held)).toEqual(addAmounts(principal, feesUncollected));
    const closed = await readLinePnl(world, [first, second]);
    await expectTrue(closed, before);
    expect(closed.notes).toContainEqual(expect.stringMatching(/decrease in 0x[0-9a-f]{64}, not by a plan of ours/));
    expect(closed.report.inStable.tokens).toMatchObject({ principal: { amount0: 0n, amount1: 0n } });
    expect(closed.report.total.inStable).toMatchObject({ feesUncollected: 0n, ilUnrealised: 0n });
    expect(closed.report.performance.rebalances).toMatchObject([{ nft: second, planId: planB, open: false }]);
    expect(closed.report.performance.feeReturn).toMatchObject({ restsOnEnough: false });
    expect(closed.report.performance.feeReturn?.days).toBeCloseTo(3, 1);

    const { idle } = closed.ledger;
    const all = (await balancesOf(world)).amount0;
    await transfer(traders[2].address, all - idle.amount0 + 1n);
    const note = `of amount0, ${idle.amount0} wei are counted as idle and the wallet has ${idle.amount0 - 1n}`;
    expect((await readLinePnl(world, [first])).notes).toContainEqual(expect.stringContaining(note));
    await mintTestToken(world.client, world.token0, operator.address, all);
  });

  it('counts what is collected elsewhere as withdrawn, and an NFT that is given away', async () => {
    const before = await wallet();
    const nft = await open(world, 400);
    await trade(world, 12_000n);
    await send(world, operator, positionManager, manager('collect', nft, traders[2].address));
    const args = [operator.address, traders[2].address, nft] as const;
    const data = encodeFunctionData({ abi: tokenCalls, functionName: 'transferFrom', args });
    await send(world, operator, positionManager, data);
    const reading = await readLinePnl(world, [nft], { wallet: operator.address.toLowerCase() as `0x${string}` });
    const { inStable, total } = reading.report;
    expect(sumOfPartsX192(inStable.parts)).toBe(inStable.changeX192);
    expect(inStable.tokens.idle).toEqual({ amount0: 0n, amount1: 0n });
    expect(minus(before.tokens, await balancesOf(world))).toEqual(inStable.tokens.deposited);
    expect(inStable.valueX192).toBe(0n);
    expect(total.inStable.feesCollected).toBeGreaterThan(0n);
    expect(reading.notes).toEqual(
      expect.arrayContaining([expect.stringContaining('counted as withdrawn'), expect.stringContaining('went to 0x')]),
    );
  });

  it('counts the gas of a step that reverted, which only our own events name, and says where they are wrong', async () => {
    const before = await wallet();
    const nft = await open(world, 400);
    const late = { tokenId: nft, liquidity: 1n, amount0Min: 0n, amount1Min: 0n, deadline: 1n };
    const data = encodeFunctionData({ abi: positionManagerAbi, functionName: 'decreaseLiquidity', args: [late] });
    const account = privateKeyToAccount(operator.privateKey);
    const hash = await world.client.sendTransaction({ account, to: positionManager, data, gas: 300_000n });
    const receipt = await world.client.waitForTransactionReceipt({ hash });
    expect(receipt.status).toBe('reverted');
    const gasWei = receipt.gasUsed * receipt.effectiveGasPrice;
    // As far as it is looked at.
    const trade = {
      planId: planA,
      mode: 'live',
      gasWei,
      withdrawn: null,
      fees: null,
      transactions: [{ hash, status: 'reverted' }],
    };
    const reading = await readLinePnl(world, [nft], { trades: [trade as unknown as TradeExecuted] });
    await expectTrue(reading, before);
    expect(reading.ledger.entries.filter(({ entry }) => entry.kind === 'gas')).toMatchObject([
      {},
      { planId: planA, txHash: hash },
    ]);
    expect(reading.notes.filter((note) => note.startsWith('plan '))).toEqual([]);
    const wrong = { ...trade, gasWei: gasWei + 1n };
    const told = await readLinePnl(world, [nft], { trades: [wrong as unknown as TradeExecuted] });
    expect(told.notes).toContainEqual(expect.stringContaining(`we said ${gasWei + 1n}`));
  });

  async function transfer(to: Address, amount: bigint): Promise<void> {
    const data = encodeFunctionData({ abi: tokenCalls, functionName: 'transfer', args: [to, amount] });
    await send(world, operator, world.token0, data);
  }

  async function addByStranger(tokenId: bigint): Promise<void> {
    const amounts = { amount0Desired: 10n ** 17n, amount1Desired: 10n ** 17n, amount0Min: 0n, amount1Min: 0n };
    const args = [{ tokenId, ...amounts, deadline: 10n ** 12n }] as const;
    const data = encodeFunctionData({ abi: positionManagerAbi, functionName: 'increaseLiquidity', args });
    await send(world, traders[1], positionManager, data);
  }

  async function priceNow(): Promise<bigint> {
    return (await world.client.readContract({ address: world.pool, abi: poolAbi, functionName: 'slot0' }))[0];
  }

  /** The change, from balances and prices alone: what is held, less what was put in when it was put in, less gas. */
  function expectValue({ report, ledger }: Awaited<ReturnType<typeof readLinePnl>>, sqrtPriceX96: bigint) {
    const { tokens, changeX192 } = report.inStable;
    const held = [tokens.idle, tokens.principal, tokens.feesUncollected, tokens.owed].reduce(addAmounts);
    let expected = valueX192(held, quoteAt(sqrtPriceX96, stable));
    for (const { entry } of ledger.entries)
      if (entry.kind === 'deposit' || entry.kind === 'gas')
        expected -= valueX192(entry, quoteAt(entry.sqrtPriceX96, stable));
    expect(changeX192).toBe(expected);
  }

  /** The path of prices, which splits fees by period, says what the chain says but for some wei of rounding a swap, never more. */
  function expectPathFees({ report }: Awaited<ReturnType<typeof readLinePnl>>) {
    const { amount0, amount1 } = report.feesBeyondPath;
    for (const beyond of [amount0, amount1]) expect(beyond >= 0n && beyond < 100n).toBe(true);
    const fees = report.rows.map(({ inStable: row }) => row.feesCollected + row.feesUncollected);
    expect(fees.filter((day) => day > 0n).length).toBeGreaterThanOrEqual(3);
  }
});
