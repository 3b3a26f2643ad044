import { seededRandom } from './market-random.ts';

/** Around what a quiet mainnet block costs, wei for each unit of gas. */
const MEAN_WEI = 1_000_000_000;
const PULL = 0.01;
const STEP = 0.06;

/**
 * The base fee block by block, wei: its logarithm wanders and is pulled back to the mean, so that it stays between about a
 * third and three times it and now and then is cheap. anvil's own would fall to nothing in blocks that are nearly empty,
 * and moving a position would seem to cost nothing. The same seed gives the same fees.
 */
export function* baseFees(seed: number): Generator<bigint, never> {
  const random = seededRandom(seed);
  for (let log = 0; ; log += STEP * random.normal() - PULL * log) {
    yield BigInt(Math.round(MEAN_WEI * Math.exp(log)));
  }
}
