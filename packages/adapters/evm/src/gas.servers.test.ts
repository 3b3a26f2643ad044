import { startAnvil } from '@rangeward/localnet/anvil';
import { expect, test } from 'vitest';
import { chainReader } from './client.ts';
import { medianRoundingDown, readGas } from './gas.ts';
import { chainsSettings } from './settings.ts';

test('on a chain of the OP stack the data fee is what the oracle of the chain says, and its absence is an error', async () => {
  const anvil = await startAnvil({ chainId: 8453 });
  try {
    const settings = chainsSettings.parse({ base: { chainId: 8453, rpcUrl: anvil.rpcUrl } }).base;
    if (settings === undefined) throw new Error('the settings did not parse');
    const chain = chainReader({ name: 'base', settings });
    // Zero would be a lie here: a rebalance would look cheaper than it is.
    await expect(readGas(chain, 0)).rejects.toMatchObject({ name: 'ChainError' });
    // Answers 42 to whatever it is asked: PUSH 42, MSTORE at 0, RETURN 32 bytes.
    const answers42 = '0x602a60005260206000f3';
    await chain.request('anvil_setCode', ['0x420000000000000000000000000000000000000F', answers42]);
    expect((await readGas(chain, 0)).l1FeeWei).toBe(42n);
  } finally {
    await anvil.stop();
  }
});

test('the median rounds down to one of the values', () => {
  expect(medianRoundingDown([])).toBe(0n);
  expect(medianRoundingDown([9n, 1n])).toBe(1n);
  expect(medianRoundingDown([9n, 1n, 10n ** 30n])).toBe(9n);
});
