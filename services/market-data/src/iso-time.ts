/** A block's time, or any Unix seconds, as events carry it. */
export function isoTimeOf(block: { readonly timestampS: number }): string {
  return new Date(block.timestampS * 1000).toISOString();
}
