import { createAdoptedRecords } from '@rangeward/adapter-redis/adopt-records';
import { readExecutorWallet } from '@rangeward/adapter-redis/executor-wallets';
import { z } from 'zod';
import { type GlobalFlags, withRedis } from '../operator.ts';
import { printJson } from '../output.ts';
import type { Screen } from '../story/print-story.ts';
import { showControls } from '../story/show-controls.ts';

/** As the executor writes it down. */
const report = z.object({
  at: z.string(),
  known: z.boolean(),
  findings: z.array(z.object({ rule: z.string(), code: z.string(), message: z.string() })),
});

const done = {
  adopt: 'taken up as it is',
  finish: 'carried to its end',
  halt: 'HALTED, a person must look',
  tell: 'left as it is',
} as const;

/** What the executor found when it last held Redis, broker and chain against one another. Changes nothing. */
export async function adopted(flags: GlobalFlags & { readonly json: boolean }, screen: Screen): Promise<void> {
  const wallets = await withRedis(flags, (redis, config) =>
    Promise.all(
      Object.entries(config.chains).map(async ([chain, { chainId }]) => {
        const wallet = await readExecutorWallet(redis, chain);
        const stored = wallet === null ? null : await createAdoptedRecords(redis, { chainId, wallet }).read();
        return { chain, wallet, report: stored === null ? null : report.parse(stored) };
      }),
    ),
  );
  if (flags.json) return printJson(screen, wallets);
  for (const { chain, wallet, report: found } of wallets) {
    if (wallet === null) screen.write(`${chain}: no executor has started yet.\n`);
    else if (found === null) screen.write(`${chain}: ${wallet} is not adopted: nothing new begins before it is.\n`);
    else {
      const from = found.known ? '' : ' (Redis had lost what it knew, or never knew it)';
      screen.write(`${chain}: ${wallet} adopted ${found.at}${from}\n`);
      if (found.findings.length === 0) screen.write('    Redis, broker and chain agree.\n');
      for (const { rule, code, message } of found.findings) {
        const what = rule in done ? done[rule as keyof typeof done] : rule;
        screen.write(`    ${showControls(code)}: ${showControls(message)}\n        ${what}\n`);
      }
    }
  }
}
