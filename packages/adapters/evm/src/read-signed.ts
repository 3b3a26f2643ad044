import { type Hex, parseTransaction, type TransactionSerializedEIP1559 } from 'viem';
import { lowerAddress } from './lower-address.ts';
import type { TransactionToSign } from './signer.ts';

/** What stands in raw bytes that our signer made. Throws for any others. */
export function readSigned(raw: Hex): TransactionToSign {
  // The signer makes nothing but EIP-1559 transactions; anything else fails in the parser.
  const read = parseTransaction(raw as TransactionSerializedEIP1559);
  const { chainId, nonce = 0, to, data = '0x', gas = 0n, maxFeePerGas = 0n, maxPriorityFeePerGas = 0n } = read;
  if (!to) throw new Error('signed bytes without an addressee');
  return {
    chainId,
    nonce,
    to: lowerAddress(to),
    data,
    gasLimit: gas,
    maxFeePerGasWei: maxFeePerGas,
    maxPriorityFeePerGasWei: maxPriorityFeePerGas,
  };
}
