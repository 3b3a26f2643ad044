import { z } from 'zod';
import type { RecordedEvent } from './recorded-event.ts';
import { address, blockNumber, bytes32, signed, tickNumber, unsigned } from './recording-format.ts';

const place = {
  blockNumber,
  timestampS: z.int().nonnegative(),
  transactionHash: bytes32,
  transactionIndex: z.int().nonnegative(),
  logIndex: z.int().nonnegative(),
  blockHash: bytes32.optional(),
};
const range = { owner: address, tickLower: tickNumber, tickUpper: tickNumber };
const amounts = { amount0: unsigned, amount1: unsigned };
const feeProtocol = z.int().min(0).max(15);

/** One line between header and footer. Fields a later version adds are passed over. */
const eventLine = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('initialize'), ...place, sqrtPriceX96: unsigned, tick: tickNumber }),
  z.object({
    ...{ kind: z.literal('swap'), ...place, sender: address, recipient: address },
    ...{ amount0: signed, amount1: signed, sqrtPriceX96: unsigned, liquidity: unsigned, tick: tickNumber },
  }),
  z.object({ kind: z.literal('mint'), ...place, ...range, liquidity: unsigned, ...amounts }),
  z.object({ kind: z.literal('burn'), ...place, ...range, liquidity: unsigned, ...amounts }),
  z.object({ kind: z.literal('collect'), ...place, ...range, recipient: address, ...amounts }),
  z.object({ kind: z.literal('flash'), ...place, ...amounts, paid0: unsigned, paid1: unsigned }),
  z.object({ kind: z.literal('set-fee-protocol'), ...place, feeProtocol0: feeProtocol, feeProtocol1: feeProtocol }),
  z.object({ kind: z.literal('collect-protocol'), ...place, recipient: address, ...amounts }),
]);

/** The event of a parsed line. Throws a ZodError. */
export function eventOfLine(line: unknown): RecordedEvent {
  return eventLine.parse(line);
}

/** A line of the file without its line end: bigints as strings of decimal digits. */
export function lineOf(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) => (typeof field === 'bigint' ? field.toString() : field));
}
