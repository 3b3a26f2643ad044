import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Signer } from './signer.ts';
import { signerFromKey } from './signer-from-key.ts';

/** What geth, foundry and others write, as far as it is read here (Web3 Secret Storage, version 3). */
const keystoreFile = z.object({
  version: z.literal(3),
  id: z.string().default(''),
  crypto: z.looseObject({
    cipher: z.literal('aes-128-ctr'),
    ciphertext: z.string(),
    cipherparams: z.object({ iv: z.string() }),
    kdf: z.enum(['scrypt', 'pbkdf2']),
    kdfparams: z.record(z.string(), z.unknown()),
    mac: z.string(),
  }),
});

/**
 * A signer from an encrypted keystore file and its password; takes as long as whoever wrote the file wanted a guess to take,
 * usually a second or two. Throws, naming the file and neither password nor key.
 */
export async function signerFromKeystore(path: string, password: string): Promise<Signer> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new Error(`The keystore ${path} cannot be read (${code}).`);
  });
  const stored = readKeystore(path, text);
  // Loaded only where a keystore is used: nobody else pays for it.
  const { decrypt, toKeyAsync } = await import('ox/Keystore');
  try {
    // The library knows more parameters than are checked above; what does not fit makes it throw.
    const keystore = stored as Parameters<typeof decrypt>[0];
    return signerFromKey(decrypt(keystore, await toKeyAsync(keystore, { password })));
  } catch {
    // The library's own message is not passed on, so that neither password nor key can ever be part of it.
    throw new Error(`The keystore ${path} does not open with this password.`);
  }
}

function readKeystore(path: string, text: string) {
  try {
    return keystoreFile.parse(JSON.parse(text.trimStart()));
  } catch {
    throw new Error(`The file ${path} is no keystore (JSON, version 3, aes-128-ctr, scrypt or pbkdf2).`);
  }
}
