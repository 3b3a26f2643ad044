import { readFile, stat } from 'node:fs/promises';
import { type Address, type Hex, isHex, size } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import type { Signer } from './signer.ts';

/** A signer from a private key in memory. Throws without saying the key when it is none. */
export function signerFromKey(privateKey: string): Signer {
  const account = accountOf(privateKey.trim());
  return {
    // A checksummed address in lower case is the same address.
    address: account.address.toLowerCase() as Address,
    sign: (transaction) =>
      account.signTransaction({
        type: 'eip1559',
        chainId: transaction.chainId,
        nonce: transaction.nonce,
        to: transaction.to,
        data: transaction.data,
        value: 0n,
        gas: transaction.gasLimit,
        maxFeePerGas: transaction.maxFeePerGasWei,
        maxPriorityFeePerGas: transaction.maxPriorityFeePerGasWei,
      }),
  };
}

/**
 * A signer from a file that holds nothing but the private key (0x and 64 hex digits). `othersMayRead` says that the
 * file's mode lets more than its owner in; 0400 is right. Throws, naming the file and never the key.
 */
export async function signerFromKeyFile(path: string): Promise<{ signer: Signer; othersMayRead: boolean }> {
  const [text, { mode }] = await Promise.all([readFile(path, 'utf8'), stat(path)]).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new Error(`The key file ${path} cannot be read (${code}).`);
  });
  return { signer: signerFromKey(text), othersMayRead: (mode & 0o077) !== 0 };
}

function accountOf(privateKey: string) {
  const prefixed = privateKey.startsWith('0x') ? privateKey : `0x${privateKey}`;
  if (!isHex(prefixed) || size(prefixed) !== 32) {
    throw new Error('The private key is not 0x and 64 hex digits.');
  }
  try {
    return privateKeyToAccount(prefixed as Hex);
  } catch {
    // The library's own message is not passed on, so that no key can ever be part of it.
    throw new Error('The private key is not a valid one (0, or beyond the order of the curve).');
  }
}
