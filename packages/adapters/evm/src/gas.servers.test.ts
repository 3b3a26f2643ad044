import { startAnvil } from '@rangeward/localnet/anvil';
import { size } from 'viem';
import { expect, test } from 'vitest';
import { chainReader } from './client.ts';
import { medianRoundingDown, readGas } from './gas.ts';
import { chainsSettings } from './settings.ts';
import { typicalTransactions } from './typical-transactions.ts';

test('on a chain of the OP stack the data fee is what the oracle of the chain says, and its absence is an error', async () => {
  const anvil = await startAnvil({ chainId: 8453 });
  try {
    const settings = chainsSettings.parse({ base: { chainId: 8453, rpcUrl: anvil.rpcUrl } }).base;
    if (settings === undefined) throw new Error('the settings did not parse');
    const chain = chainReader({ name: 'base', settings });
    // Zero would be a lie here: a rebalance would look cheaper than it is.
    await expect(readGas(chain, 0)).rejects.toMatchObject({ name: 'ChainError' });
    // Answers the size of what it is asked: CALLDATASIZE, MSTORE at 0, RETURN 32 bytes.
    const answersSize = '0x3660005260206000f3';
    await chain.request('anvil_setCode', ['0x420000000000000000000000000000000000000F', answersSize]);
    const { l1FeeWei, l1FeesWei } = await readGas(chain, 0);
    // getL1Fee(bytes): selector, offset, length, and the transaction in words of 32 bytes.
    const asked = Object.entries(typicalTransactions(chain.known)).map(
      ([kind, unsigned]) => [kind, BigInt(4 + 64 + Math.ceil(size(unsigned) / 32) * 32)] as const,
    );
    const { withdraw = 0n, approve = 0n, swap = 0n, mint = 0n, collect = 0n } = Object.fromEntries(asked);
    expect(l1FeeWei).toBe(withdraw + 6n * approve + swap + mint);
    expect(l1FeesWei).toEqual({ rebalanceWithoutSwap: withdraw + 4n * approve + mint, collect, exit: withdraw });
  } finally {
    await anvil.stop();
  }
});

test('the median rounds down to one of the values', () => {
  expect(medianRoundingDown([])).toBe(0n);
  expect(medianRoundingDown([9n, 1n])).toBe(1n);
  expect(medianRoundingDown([9n, 1n, 10n ** 30n])).toBe(9n);
});
