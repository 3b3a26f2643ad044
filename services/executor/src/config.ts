import type { KnownChain } from '@rangeward/adapter-evm/known-chains';
import { chainsSettings, configuredAddress } from '@rangeward/adapter-evm/settings';
import { natsSettings } from '@rangeward/adapter-nats/settings';
import { redisSettings } from '@rangeward/adapter-redis/settings';
import { autonomyLevels, tradingModes } from '@rangeward/contracts';
import { processSettings } from '@rangeward/service/settings';
import { z } from 'zod';

const usdCap = (description: string) =>
  z.number().nonnegative().max(1e9).optional().describe(`${description}, USD; on local chains none when absent`);

/** What this executor lets through whatever a plan says: the last hop has limits of its own. */
const capsSettings = z.strictObject({
  gasUsdPerPlan: usdCap('most gas that one plan may ask for (50)'),
  notionalUsdPerPlan: usdCap('most value of a position that one plan may move (1,000,000)'),
  gasUsdPerDay: usdCap('gas of a wallet in any 24 hours (100)'),
  notionalUsdPerDay: usdCap('value that a wallet moves in any 24 hours (5,000,000)'),
  rebalancesPerDay: z
    .int()
    .min(0)
    .max(1_000_000)
    .optional()
    .describe('moves of a wallet in any 24 hours (20); on local chains none when absent'),
});
export type Caps = z.output<typeof capsSettings>;

const executorSettings = z.strictObject({
  caps: capsSettings.prefault({}),
  wallet: configuredAddress.optional().describe('owner of the positions; needed in paper mode, where there is no key'),
  keyFile: z.string().min(1).optional().describe('file with nothing but the private key, mode 0400; live mode'),
  privateKey: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'the private key itself, where no file is possible; live mode', secret: true }),
  keystoreFile: z
    .string()
    .min(1)
    .optional()
    .describe('encrypted keystore (Web3 Secret Storage) instead of a key; live mode'),
  keystorePassword: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'the password of the keystore; best read from a mounted file', secret: true }),
  killFile: z
    .string()
    .min(1)
    .optional()
    .describe('while there is a file of this name nothing new is signed; goes on with `rangeward resume` alone'),
  receiptPollMs: z.int().min(20).max(10_000).default(250).describe('longest pause between two looks for a receipt'),
  resendS: z.int().min(1).default(20).describe('a transaction unseen for so long is offered to the node again'),
  receiptTimeoutS: z
    .int()
    .min(10)
    .default(180)
    .describe('then the wait is reported as an error; the transaction stays recorded and is looked for again'),
  bumpAfterS: z
    .int()
    .min(1)
    .default(45)
    .describe('a transaction that waited through a block and so long is paid better'),
  mostFeeTimes: z.int().min(1).max(20).default(5).describe('it pays at most so many times what it offered first'),
  disagreeAfterS: z
    .int()
    .min(0)
    .default(60)
    .describe('a second provider that does not show a transaction for so long is told to alerts'),
  finalityCheckS: z.int().min(1).default(15).describe('how often transactions of closed plans are looked at again'),
  leaseMs: z.int().min(1_000).default(15_000).describe('a wallet whose executor died is free after this'),
  twapWindowS: z.int().min(60).max(86_400).default(600).describe('window of the time-weighted price that guards'),
  maxTwapDeviationTicks: z.int().positive().default(200).describe('most the tick may be away from that price'),
  longestDeadlineS: z.int().min(30).default(600).describe('the signer signs no deadline further ahead, block time'),
});

const liveSettings = z.strictObject({
  acknowledgeWallet: configuredAddress
    .optional()
    .describe('the wallet’s address, written out: you know that live mode moves its real money'),
});

export const settings = z.strictObject({
  ...processSettings,
  mode: z.enum(tradingModes).default('paper').describe('paper simulates every transaction, live sends them'),
  autonomy: z
    .enum(autonomyLevels)
    .optional()
    .describe('observe, propose (a person approves) or act; act on local chains and propose elsewhere when absent'),
  live: liveSettings.prefault({}),
  nats: natsSettings,
  redis: redisSettings,
  chains: chainsSettings.default({}),
  executor: executorSettings.prefault({}),
});
export type Settings = z.output<typeof settings>;

/**
 * Why this configuration must not run, or null. `wallet` is the signer's address in live mode. Money on a chain that is not local is
 * real: live mode there needs the wallet's address written out by a person.
 */
export function startProblem(
  config: Pick<Settings, 'mode' | 'live'>,
  wallet: string | null,
  chains: Readonly<Record<string, Pick<KnownChain, 'local'>>>,
): string | null {
  if (wallet === null) {
    return config.mode === 'live'
      ? 'mode is live, but none of executor.keystoreFile, executor.keyFile and executor.privateKey is set.'
      : 'executor.wallet is not set: paper mode needs the address that owns the positions.';
  }
  const real = Object.entries(chains).filter(([, known]) => !known.local);
  if (config.mode === 'paper' || real.length === 0 || config.live.acknowledgeWallet === wallet) return null;
  const names = real.map(([name]) => name).join(', ');
  const said = config.live.acknowledgeWallet === undefined ? 'is not set' : `is ${config.live.acknowledgeWallet}`;
  return (
    `mode is live and ${names} moves real money, but live.acknowledgeWallet ${said}. ` +
    `Set live.acknowledgeWallet to ${wallet} to say that you know this wallet will be used, or mode to paper.`
  );
}

/** What a wallet may do where its money is real and nobody configured otherwise. */
const cautious: Required<Caps> = {
  gasUsdPerPlan: 50,
  notionalUsdPerPlan: 1_000_000,
  gasUsdPerDay: 100,
  notionalUsdPerDay: 5_000_000,
  rebalancesPerDay: 20,
};

/** The caps of a chain: what is configured, and on a chain whose money is real never none. */
export function capsOf(configured: Caps, local: boolean): Caps {
  return local ? configured : { ...cautious, ...configured };
}

/** What limits what this executor may do, for the audit trail. */
export function limitsInForce({ mode, autonomy, live, executor, chains }: Settings) {
  const { caps, wallet, maxTwapDeviationTicks, longestDeadlineS, killFile } = executor;
  const positions = Object.entries(chains).flatMap(([chain, { pools }]) =>
    Object.values(pools).flatMap((pool) =>
      pool.positions.flatMap(({ id, autonomy: own }) => (own === undefined ? [] : [`${chain}/${id} ${own}`])),
    ),
  );
  return {
    ...{ mode, autonomy, positions, caps, wallet, maxTwapDeviationTicks, longestDeadlineS, killFile },
    acknowledgedWallet: live.acknowledgeWallet,
  };
}
