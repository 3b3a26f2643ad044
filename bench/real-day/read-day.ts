import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readPoolLogs, readRawLogs } from '@rangeward/recording/pool-logs-csv';
import type { LogPlace, RecordedEvent } from '@rangeward/recording/recorded-event';

// A day of mainnet's USDC/WETH 0.05 % pool, 2024-01-05: no protocol fee was on then. The data stays where it is, beside the project.
const data = (name: string) => fileURLToPath(new URL(`../../../shared/data/${name}`, import.meta.url));
export const POOL_LOGS = data('ethereum-usdc-weth-500-2024-01-05.pool-logs.csv');
const managerLogs = data('ethereum-position-manager-2024-01-05.logs.csv');

export const DAY_TERMS = { feePips: 500, tickSpacing: 10 };
export const MANAGER = '0xc36442b4a4522e871399cd717abdd847ab11fe88';
export const isDayHere = () => existsSync(POOL_LOGS) && existsSync(managerLogs);

/** What the position manager logged of an NFT: what went in, came out or was paid, in raw units. */
export type NftLog = LogPlace & {
  readonly kind: 'increase' | 'decrease' | 'collect';
  readonly tokenId: bigint;
  /** 0 for collect. */
  readonly liquidity: bigint;
  readonly amount0: bigint;
  readonly amount1: bigint;
};

const NFT_KINDS: Readonly<Record<string, NftLog['kind']>> = {
  '0x3067048beee31b25b2f1681f88dac838c8bba36af25bfb2b7cf7473a5847e35f': 'increase',
  '0x26f6a048ee9138f2c0ce266f322cb99228e8d619ae2bff30c67f8dcf9d2377b4': 'decrease',
  '0x40d0efd1a53d60ecbf40971b9daf7dc90178c3aadc7aab1765632738fa8b8f01': 'collect',
};

export type Day = { readonly events: readonly RecordedEvent[]; readonly nftLogs: readonly NftLog[] };

export async function readDay(): Promise<Day> {
  const events = await Array.fromAsync(readPoolLogs(POOL_LOGS));
  const nftLogs: NftLog[] = [];
  for await (const { place, topics, data: text } of readRawLogs(managerLogs)) {
    const kind = NFT_KINDS[topics[0]];
    if (kind === undefined) throw new Error(`unknown topic ${topics[0]}`);
    const [first = 0n, amount0 = 0n, amount1 = 0n] = (text.slice(2).match(/.{64}/g) ?? []).map((word) =>
      BigInt(`0x${word}`),
    );
    // Collect has the recipient where the others have the liquidity.
    const liquidity = kind === 'collect' ? 0n : first;
    nftLogs.push({ kind, ...place, tokenId: BigInt(topics[1] ?? '0x'), liquidity, amount0, amount1 });
  }
  return { events, nftLogs };
}
