import type { Address } from 'viem';

/** Addresses are compared and kept in lower case, which is the same address. */
export function lowerAddress(address: Address): Address {
  // The spelling changes, the digits do not.
  return address.toLowerCase() as Address;
}
