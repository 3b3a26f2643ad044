import type { TransactionToSign } from '@rangeward/adapter-evm/signer';
import type { PolicyAnswer, SigningRules } from './signer-policy.ts';

/** What a transaction costs that only moves a value, and here not even that. */
export const CANCEL_GAS = 21_000n;

/**
 * The one transaction beside a plan's own that is ever signed: it does nothing (to the wallet itself, no calldata, and the
 * signer adds no value) and uses up a nonce. Anything else of its kind is refused.
 */
export function checkCancellation(
  transaction: TransactionToSign,
  rules: Pick<SigningRules, 'chainId' | 'wallet' | 'maxGasCostWei'> & { readonly nonce: number },
): PolicyAnswer {
  const refused = (reason: string): PolicyAnswer => ({ kind: 'refused', reason: `a cancellation ${reason}` });
  const { chainId, nonce, to, data, gasLimit, maxFeePerGasWei, maxPriorityFeePerGasWei } = transaction;
  if (chainId !== rules.chainId) return refused(`for chain id ${chainId}, not ${rules.chainId}`);
  if (nonce !== rules.nonce) return refused(`of nonce ${nonce}, where the step has ${rules.nonce}`);
  if (to.toLowerCase() !== rules.wallet) return refused(`to ${to}, which is not the wallet`);
  if (data !== '0x') return refused('with calldata');
  if (gasLimit !== CANCEL_GAS) return refused(`with ${gasLimit} gas, where it needs ${CANCEL_GAS}`);
  if (maxPriorityFeePerGasWei > maxFeePerGasWei) return refused('with a tip above the whole fee');
  const gasCostWei = gasLimit * maxFeePerGasWei;
  if (gasCostWei > rules.maxGasCostWei) return refused(`for up to ${gasCostWei} wei, over ${rules.maxGasCostWei}`);
  return { kind: 'allowed' };
}
