import { creations } from './creation-code.ts';
import { localClient } from './local-client.ts';

/**
 * Creates WETH, USDC (mock), Multicall3 and Uniswap V3 on a fresh local chain that mines by itself. Each contract is
 * sent by its mainnet deployer with its mainnet nonce (impersonated), because code copied to an address would lack its
 * constructor's storage and immutables. Throws when a contract is not where it belongs.
 */
export async function deployUniswap(rpcUrl: string): Promise<void> {
  const client = localClient(rpcUrl);
  for (const creation of creations()) {
    await client.impersonateAccount({ address: creation.deployer });
    await client.setBalance({ address: creation.deployer, value: 10n ** 18n });
    await client.setNonce({ address: creation.deployer, nonce: creation.nonce });
    // 10 million gas covers the largest of them (5.5 million).
    const hash = await client.sendTransaction({ account: creation.deployer, data: creation.data, gas: 10_000_000n });
    const receipt = await client.waitForTransactionReceipt({ hash });
    await client.stopImpersonatingAccount({ address: creation.deployer });
    if (receipt.status !== 'success' || receipt.contractAddress?.toLowerCase() !== creation.address.toLowerCase()) {
      throw new Error(`${creation.name} was not created at ${creation.address} (${receipt.status}).`);
    }
  }
}
