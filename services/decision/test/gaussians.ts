/** Normal numbers with mean 0 and deviation 1, the same for the same seed. */
export function gaussians(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = () => {
    // Mulberry32: small, and good enough to average over.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
