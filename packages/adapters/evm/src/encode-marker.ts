import { concatHex, type Hex, numberToHex, size, sliceHex } from 'viem';

/**
 * The marker that makes the chain a journal of our plans: the plan's id (32 bytes) and the step's number (1 byte) behind
 * the calldata. The position manager and both routers ignore what follows their arguments.
 */
export type Marker = { readonly planId: string; readonly step: number };

export const MARKER_BYTES = 33;

/** Calldata with the marker behind it. `planId` is 64 hex digits, `step` 0 to 255. */
export function appendMarker(data: Hex, marker: Marker): Hex {
  return concatHex([data, markerBytes(marker)]);
}

/** The 33 bytes of a marker. */
export function markerBytes(marker: Marker): Hex {
  if (!/^[0-9a-f]{64}$/.test(marker.planId)) throw new RangeError(`a plan id has 64 hex digits, got ${marker.planId}`);
  return concatHex([`0x${marker.planId}`, numberToHex(marker.step, { size: 1 })]);
}

/** The calldata and what stands behind it, taken as a marker; null when it is too short to hold a selector and one. */
export function splitMarker(data: Hex): { readonly body: Hex; readonly marker: Marker } | null {
  const bytes = size(data);
  if (bytes < 4 + MARKER_BYTES) return null;
  const planId = sliceHex(data, bytes - MARKER_BYTES, bytes - 1)
    .slice(2)
    .toLowerCase();
  return {
    body: sliceHex(data, 0, bytes - MARKER_BYTES),
    marker: { planId, step: Number(sliceHex(data, bytes - 1)) },
  };
}
