import type { Hex } from 'viem';
import { CommandFailure } from './command-failure.ts';
import { exitCodes } from './output.ts';

/** The address that a flag was given, in lower case. Throws a CommandFailure that names the flag. */
export function addressOf(flag: string, text: string): Hex {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text))
    throw new CommandFailure(`${flag} ${text}: expected 0x and 40 hex digits`, exitCodes.usage);
  // The pattern is what the type says.
  return text.toLowerCase() as Hex;
}
