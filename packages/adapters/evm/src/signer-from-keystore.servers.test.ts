import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as Keystore from 'ox/Keystore';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signerFromKey } from './signer-from-key.ts';
import { signerFromKeystore } from './signer-from-keystore.ts';

const privateKey = `0x${'42'.repeat(32)}` as const;
const password = 'a password of ours';
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rangeward-keystore-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function fileWith(name: string, content: string): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, content, { mode: 0o400 });
  return path;
}

test.each([
  { kdf: 'scrypt', derive: () => Keystore.scrypt({ password, n: 1024 }) },
  { kdf: 'pbkdf2', derive: () => Keystore.pbkdf2({ password, iterations: 1000 }) },
])('opens a $kdf keystore, and not with another password', async ({ kdf, derive }) => {
  const [key, options] = derive();
  const path = await fileWith(`${kdf}.json`, JSON.stringify(Keystore.encrypt(privateKey, key, options)));
  const signer = await signerFromKeystore(path, password);
  expect(signer.address).toBe(signerFromKey(privateKey).address);
  const refusal = await signerFromKeystore(path, 'another one').catch((error: unknown) => String(error));
  expect(refusal).toBe(`Error: The keystore ${path} does not open with this password.`);
});

// Published with the definition of the format: ethereum.org, Web3 Secret Storage, test vectors.
test('opens the published example', async () => {
  const published = {
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: '6087dab2f9fdbbfaddc31a909735c1e6' },
      ciphertext: '5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46',
      kdf: 'pbkdf2',
      kdfparams: {
        c: 262144,
        dklen: 32,
        prf: 'hmac-sha256',
        salt: 'ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd',
      },
      mac: '517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2',
    },
    id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
    version: 3,
  };
  const path = await fileWith('published.json', JSON.stringify(published));
  const signer = await signerFromKeystore(path, 'testpassword');
  const secret = '0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d';
  expect(signer.address).toBe(signerFromKey(secret).address);
});

test.each([
  { name: 'no-json', content: privateKey },
  { name: 'other-version', content: '{"version":1}' },
])('says which file is no keystore: $name', async ({ name, content }) => {
  const path = await fileWith(name, content);
  const refusal = await signerFromKeystore(path, password).catch((error: unknown) => String(error));
  expect(refusal).toContain(`The file ${path} is no keystore`);
  expect(refusal).not.toContain(privateKey);
});

test('says which file is missing', async () => {
  await expect(signerFromKeystore(join(dir, 'absent'), password)).rejects.toThrow('absent cannot be read (ENOENT)');
});
