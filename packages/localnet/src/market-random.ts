/** Draws of one seeded stream. The same seed gives the same draws on every machine. */
export type Random = {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Number of arrivals of a Poisson process with this mean; meant for means below about 50. */
  poisson(mean: number): number;
};

/**
 * The sfc32 generator of the PractRand suite: 128 bits of state, period of at least 2^32, a handful of integer
 * operations. Math.random cannot be seeded, and a market that cannot be repeated cannot be tested.
 * @param seed any integer; its lower 32 bits count.
 */
export function seededRandom(seed: number): Random {
  let [a, b, c, counter] = [seed | 0, 0x9e3779b9 | 0, 0x243f6a88, 1];
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return (t >>> 0) / 2 ** 32;
  };
  // Seeds that differ in one bit start alike; fifteen steps spread the difference over the whole state.
  for (let i = 0; i < 15; i++) next();

  // Box-Muller; 1 - u keeps the logarithm away from zero.
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

  const poisson = (mean: number): number => {
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = next(); product > limit; product *= next()) count++;
    return count;
  };
  return { uniform: next, normal, poisson };
}
