import { z } from 'zod';
import {
  chainName,
  isoTime,
  poolAddress,
  positionId,
  runId,
  tokenId,
  tradingMode,
  triggerKind,
} from '../quantities.ts';

/** What every event of a run carries, so that no service needs to look up whose work it does. */
export const run = z
  .object({
    id: runId,
    trigger: triggerKind,
    chain: chainName,
    pool: poolAddress,
    position: positionId,
    tokenId: tokenId.describe('id of the position NFT that was live when the run was opened'),
    mode: tradingMode,
    startedAt: isoTime('when the run was opened'),
    deadline: isoTime('after this the run is failed and no plan of it may be carried out'),
  })
  .describe('the run this belongs to');

export type Run = z.output<typeof run>;

/** Data fields that make the subject of an event of a run. */
export const runAddress = ['run.chain', 'run.pool'] as const;
