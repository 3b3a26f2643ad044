import type { WalletState } from '@rangeward/adapter-evm/wallet-state';
import type { Plan } from '@rangeward/contracts';
import { isInRange } from '@rangeward/uniswap-v3/tick-grid';
import { nextStep, type PoolNow, type Site, type Step } from './plan-steps.ts';
import { type DoneStep, factsNamed } from './step-facts.ts';

/** What one step would do. */
export type Rehearsed = DoneStep & { readonly gasUsed: bigint; readonly priceBeforeX96: bigint };

export type Rehearsal = {
  readonly steps: readonly Rehearsed[];
  /** Why the next step would fail; null when all would succeed. */
  readonly failure: { readonly step: string; readonly reason: string } | null;
  /** What the figures rest on, for a person. */
  readonly how: string;
};

/** The step that a live executor would take now, and the pool as it would find it. */
export function followingStep(
  plan: Plan,
  site: Site,
  chain: WalletState,
  done: readonly DoneStep[],
): { readonly step: Step | null; readonly pool: PoolNow } {
  const pool = poolNow(plan, chain, done);
  return { step: nextStep({ plan, done, pool, site, blockTimeS: chain.block.timestampS }), pool };
}

/** The pool as the steps would leave it: our own liquidity gone, our own swap made. */
export function poolNow(plan: Plan, chain: WalletState, done: readonly DoneStep[]): PoolNow {
  const withdrawn = done.some((step) => step.name === 'withdraw');
  const ours = withdrawn && isInRange(chain.pool.tick, plan.position) ? plan.position.liquidity : 0n;
  const swapped = factsNamed(done, 'swapped');
  return {
    liquidity: chain.pool.liquidity - ours,
    sqrtPriceX96: swapped?.sqrtPriceAfterX96 ?? chain.pool.sqrtPriceX96,
  };
}
