import type { Address, Hex } from 'viem';

/** What is signed: always an EIP-1559 call without value. */
export type TransactionToSign = {
  readonly chainId: number;
  readonly nonce: number;
  readonly to: Address;
  readonly data: Hex;
  readonly gasLimit: bigint;
  readonly maxFeePerGasWei: bigint;
  readonly maxPriorityFeePerGasWei: bigint;
};

/** Who holds the key. Signing the same transaction twice gives the same bytes. */
export type Signer = {
  /** Lower case. */
  readonly address: Address;
  /** The raw signed transaction, ready to be sent. */
  sign(transaction: TransactionToSign): Promise<Hex>;
};
