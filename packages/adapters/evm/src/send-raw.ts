import { BaseError, type Hex } from 'viem';
import type { WalletClient } from './wallet-client.ts';

/**
 * What a node said to signed bytes. Only `refused` and `underpriced` mean that this node did not take them, and not even
 * that says that they will never be mined: the one thing that closes an intent is a receipt.
 */
export type SendAnswer =
  | { readonly kind: 'accepted' }
  /** The node has it already, or its nonce is used: the receipt tells. */
  | { readonly kind: 'known' }
  | { readonly kind: 'refused'; readonly reason: string }
  /** It pays too little for this moment, or for taking another's place: later, or with higher fees, it may do. */
  | { readonly kind: 'underpriced'; readonly reason: string }
  /** Lost answer, server error, anything else. */
  | { readonly kind: 'unknown'; readonly reason: string };

const known = /already known|already imported|known transaction|nonce too low|nonce is too low/i;
const underpriced = /fee cap less than|max fee per gas less than|underpriced|fee too low|below base fee/i;
const refused =
  /insufficient funds|intrinsic gas|exceeds block gas limit|gas limit too high|invalid sender|invalid signature|invalid chain|transaction type not supported|tip.* above/i;

/** Offers signed bytes to the node, once. Never throws: every failure is one of the answers. */
export async function sendRaw(client: WalletClient, raw: Hex): Promise<SendAnswer> {
  try {
    // A client without a chain has no table of methods to type this by.
    await client.request({ method: 'eth_sendRawTransaction', params: [raw] } as never);
    return { kind: 'accepted' };
  } catch (error) {
    return readSendError(error);
  }
}

/** Reads a node's complaint by its text, since nodes agree on no codes. */
export function readSendError(error: unknown): SendAnswer {
  const reason = shortReason(error);
  const text = error instanceof BaseError ? `${error.shortMessage} ${error.details}` : String(error);
  if (known.test(text)) return { kind: 'known' };
  if (underpriced.test(text)) return { kind: 'underpriced', reason };
  if (refused.test(text)) return { kind: 'refused', reason };
  return { kind: 'unknown', reason };
}

/** One line without the node's address, which the whole message of a viem error would carry. */
export function shortReason(error: unknown): string {
  if (error instanceof BaseError) return (error.details || error.shortMessage).split('\n')[0] ?? error.name;
  return error instanceof Error ? error.name : 'unknown error';
}
