import type { ChainSettings } from '@rangeward/adapter-evm/settings';
import type { ManagedPool } from './accept-trigger.ts';
import type { Schedule } from './plan-slots.ts';

/** A managed pool with the name it has in the configuration. */
export type ConfiguredPool = ManagedPool & { readonly alias: string };

/** How long a run of a position may take, where it differs from the rest. */
type RunTimeout = (of: { chain: string; pool: string; position: string }) => number | undefined;

/** All pools of all chains, in the configuration's order. */
export function configuredPools(
  chains: Readonly<Record<string, ChainSettings>>,
  runTimeoutMs?: RunTimeout,
): ConfiguredPool[] {
  return Object.entries(chains).flatMap(([chain, settings]) =>
    Object.entries(settings.pools).map(([alias, pool]) => ({
      chain,
      alias,
      pool: pool.address,
      positions: pool.positions.map(({ id, tokenId }) => {
        const own = runTimeoutMs?.({ chain, pool: pool.address, position: id });
        return own === undefined ? { id, tokenId } : { id, tokenId, runTimeoutMs: own };
      }),
    })),
  );
}

/** Whether a schedule means a pool; one without positions is meant by none. */
export function concerns(schedule: Schedule, pool: ConfiguredPool): boolean {
  const chainFits = schedule.chain === undefined || schedule.chain === pool.chain;
  const poolFits =
    schedule.pool === undefined || schedule.pool === pool.alias || schedule.pool.toLowerCase() === pool.pool;
  const positionFits = schedule.position === undefined || pool.positions.some(({ id }) => id === schedule.position);
  return chainFits && poolFits && positionFits && pool.positions.length > 0;
}
