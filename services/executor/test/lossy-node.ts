import { readSigned } from '@rangeward/adapter-evm/read-signed';
import type { TransactionToSign } from '@rangeward/adapter-evm/signer';
import { openWalletClient, type WalletClient } from '@rangeward/adapter-evm/wallet-client';
import { type RpcProxy, startRpcProxy } from '@rangeward/localnet/rpc-proxy';
import { type Hex, keccak256 } from 'viem';
import type { LocalWorld } from './local-world.ts';

/** A node that takes transactions and forgets some of them, and wants 10 % more for a replacement, as geth does. */
export type LossyNode = {
  readonly proxy: RpcProxy;
  readonly client: WalletClient;
  /** Which transactions it forgets; none by default. */
  loses: (transaction: TransactionToSign) => boolean;
  /** Everything that was offered to it. */
  readonly offered: { readonly raw: Hex; readonly transaction: TransactionToSign }[];
};

export async function startLossyNode(world: LocalWorld): Promise<LossyNode> {
  const proxy = await startRpcProxy({ upstreamUrl: world.chain.rpcUrl, enforceReplacement: true });
  const client = openWalletClient({ name: 'local', settings: { ...world.settings, rpcUrl: proxy.url } });
  const node: LossyNode = { proxy, client, loses: () => false, offered: [] };
  proxy.misbehave(({ method, params }) => {
    if (method !== 'eth_sendRawTransaction') return null;
    const raw = params[0] as Hex;
    const transaction = readSigned(raw);
    node.offered.push({ raw, transaction });
    return node.loses(transaction) ? { kind: 'answer', answer: { result: keccak256(raw) } } : null;
  });
  return node;
}
