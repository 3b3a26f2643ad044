import { floorToSpacing } from '@rangeward/uniswap-v3/tick-grid';
import { addresses } from './addresses.ts';
import { describePool, readPoolPrice } from './drive-pool.ts';
import { localClient } from './local-client.ts';
import { type OpenedPosition, openPosition, type PositionRequest } from './open-position.ts';

/** Of the USDC/WETH 0.05 % pool. */
const TICK_SPACING = 10;

/**
 * Opens a position in the local chain's pool, `halfWidthTicks` to either side of the present price, widened to the grid
 * of the pool. Throws when a transaction reverts.
 */
export async function openAroundPrice(
  request: Pick<PositionRequest, 'rpcUrl' | 'account' | 'amount0Desired' | 'amount1Desired'> & {
    readonly halfWidthTicks: number;
  },
): Promise<OpenedPosition & { readonly tickLower: number; readonly tickUpper: number }> {
  const { halfWidthTicks, ...rest } = request;
  const { usdcWethPool: pool, usdc, weth } = addresses;
  const client = localClient(request.rpcUrl);
  const { tick } = await readPoolPrice(client, await describePool(client, { pool, usdc, weth }));
  const tickLower = floorToSpacing(tick - halfWidthTicks, TICK_SPACING);
  const tickUpper = floorToSpacing(tick + halfWidthTicks, TICK_SPACING) + TICK_SPACING;
  const opened = await openPosition({ ...rest, pool, tickLower, tickUpper });
  return { ...opened, tickLower, tickUpper };
}
