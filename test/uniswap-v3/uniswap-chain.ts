import { addresses } from '@rangeward/localnet/addresses';
import { type Anvil, startAnvil } from '@rangeward/localnet/anvil';
import { deployUniswap } from '@rangeward/localnet/deploy-uniswap';
import { type LocalClient, localClient } from '@rangeward/localnet/local-client';
import { encodeFunctionData } from 'viem';
import { asFactoryOwner } from './chain-market.ts';
import { factoryAbi } from './contract-abis.ts';

/** A chain with the real contracts and all four fee tiers; the 0.01 % tier was voted in later on mainnet. */
export async function startUniswapChain(): Promise<{ readonly anvil: Anvil; readonly client: LocalClient }> {
  const anvil = await startAnvil();
  const client = localClient(anvil.rpcUrl);
  await deployUniswap(anvil.rpcUrl);
  const data = encodeFunctionData({ abi: factoryAbi, functionName: 'enableFeeAmount', args: [100, 1] });
  await asFactoryOwner(client, addresses.factory, data);
  return { anvil, client };
}
