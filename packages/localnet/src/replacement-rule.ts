import {
  type Hex,
  keccak256,
  parseTransaction,
  recoverTransactionAddress,
  type TransactionSerializedEIP1559,
} from 'viem';

type Fees = { readonly hash: Hex; readonly maxFeePerGasWei: bigint; readonly tipWei: bigint };

/**
 * geth's rule for a transaction that takes the place of another with the same nonce: both fees at least 10 % higher.
 * anvil takes any. What was mined meanwhile is not known here: then the node's own "nonce too low" is the answer.
 */
export class ReplacementRule {
  readonly #seen = new Map<string, Fees>();

  /** geth's words for refusing these signed bytes, or null; what is not refused is what the next one is held against. */
  async refusal(raw: string): Promise<string | null> {
    // The signer makes nothing but EIP-1559 transactions; what does not parse is the node's to refuse.
    const bytes = raw as TransactionSerializedEIP1559;
    const { nonce = 0, maxFeePerGas = 0n, maxPriorityFeePerGas = 0n } = parseTransaction(bytes);
    const key = `${await recoverTransactionAddress({ serializedTransaction: bytes })}/${nonce}`;
    const offered = { hash: keccak256(bytes), maxFeePerGasWei: maxFeePerGas, tipWei: maxPriorityFeePerGas };
    const before = this.#seen.get(key);
    if (before?.hash === offered.hash) return null;
    if (before !== undefined && !paysTenPercentMore(offered, before)) return 'replacement transaction underpriced';
    this.#seen.set(key, offered);
    return null;
  }
}

function paysTenPercentMore(offered: Fees, before: Fees): boolean {
  return (
    offered.maxFeePerGasWei * 100n >= before.maxFeePerGasWei * 110n && offered.tipWei * 100n >= before.tipWei * 110n
  );
}
