import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSigningKey } from '@rangeward/adapter-nats/signing';
import { CommandFailure } from '../command-failure.ts';
import { exitCodes, printJson } from '../output.ts';
import type { Screen } from '../story/print-story.ts';

/** Who signs: decision its plans, the operator commands and approvals. */
const names = ['decision', 'operator'] as const;

type Options = { readonly folder: string; readonly name?: (typeof names)[number]; readonly json: boolean };

/**
 * Makes the pairs that plans, commands and approvals are signed with: each private half in a file of the folder that only
 * its owner reads, the public halves as they go into the configuration. Never overwrites a key.
 */
export async function createKeys({ folder, name, json }: Options, screen: Screen): Promise<void> {
  const made: { readonly name: string; readonly file: string; readonly publicKey: string }[] = [];
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const one of name === undefined ? names : [name]) made.push(await createOne(folder, one));
  if (json) return printJson(screen, made);
  for (const { file } of made) screen.write(`${file}\n`);
  const pins = made.map((one) => `      ${one.name}: ["${one.publicKey}"]\n`).join('');
  screen.write(`\nFor the configuration of every process:\n\nnats:\n  signing:\n    trusted:\n${pins}`);
  screen.write(
    '\nnats.signing.keyFolder names the folder, where decision and this command run: each needs its own key alone.\n',
  );
}

async function createOne(folder: string, name: string) {
  const file = join(folder, `${name}.key`);
  const { privateKeyPem, publicKey } = createSigningKey();
  try {
    await writeFile(file, privateKeyPem, { mode: 0o400, flag: 'wx' });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EEXIST') throw error;
    throw new CommandFailure(`${file} is there already and is not overwritten: move it away first`, exitCodes.usage);
  }
  return { name, file, publicKey };
}
