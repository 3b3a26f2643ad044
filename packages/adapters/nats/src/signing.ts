import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  catalogue,
  type EventDefinition,
  Rejection,
  SIGNATURE_HEADER,
  type SignerName,
  signedBytes,
  signersOf,
  type WireMessage,
} from '@rangeward/contracts';
import type { Log } from './log.ts';

/**
 * Who said it, beyond what the broker knows: its permissions say who may publish where, but a message can be brought
 * into a stream past them, so what moves or stops money is signed by who says it and checked by who acts on it.
 */
export type Signing = {
  /** Headers to be added to a message of a signed event; none where no keys are in use. */
  sign(message: WireMessage): Readonly<Record<string, string>>;
  /**
   * Throws a Rejection, with one of the contracts' forgery codes, for a message that its speaker did not sign, or signed
   * long before it was published. Anything passes where no keys are in use.
   */
  verify(definition: EventDefinition, message: SignedMessage): void;
};

type SignedMessage = WireMessage & { readonly storedAtNs: bigint };

type SigningSettings = {
  /** Folder with one private key for each name, `<name>.key`. */
  readonly keyFolder?: string | undefined;
  /** Public keys, by who signs with their private halves; several while one replaces another. */
  readonly trusted?: Readonly<Partial<Record<SignerName, readonly string[] | undefined>>> | undefined;
};

/** Between saying and storing lie one publish and its repetitions. What is older is said again by somebody else. */
const FRESH_MS = 600_000;

const namesThatSign: ReadonlySet<string> = new Set(
  catalogue.filter((definition) => definition.signed).flatMap((definition) => signersOf(definition)),
);

/**
 * Reads the own key, where this name signs anything, and the keys that are trusted. Throws an Error that says what is
 * missing: keys of others without an own one, a file that cannot be read, what is no key. Never says the key.
 */
export async function openSigning(settings: SigningSettings, name: string, log: Log): Promise<Signing> {
  const pinned = Object.entries(settings.trusted ?? {}).map(
    ([who, keys]) => [who, (keys ?? []).map((key) => publicKeyFrom(who, key))] as const,
  );
  const trusted = pinned.length === 0 ? null : new Map<string, readonly KeyObject[]>(pinned);
  const own = await readOwnKey(settings, name, log).catch((error: Error) => {
    // A person may look at everything without a key; only what is said needs it.
    if (name === 'operator') return error;
    throw error;
  });
  if (own !== null && !(own instanceof Error) && trusted !== null) {
    const pin = publicKeyOf(own);
    if (!(trusted.get(name) ?? []).some((key) => publicKeyOf(key) === pin)) {
      throw new Error(
        `nats.signing.trusted.${name} does not hold ${pin}, the public half of the key ${name} signs with.`,
      );
    }
  }
  return {
    sign(message) {
      if (own instanceof Error) throw own;
      if (own !== null) return { [SIGNATURE_HEADER]: sign(null, signedBytes(message), own).toString('base64url') };
      if (trusted === null) return {};
      throw new Error(`${message.subject}: must be signed, but ${name} has no key; see nats.signing.keyFolder`);
    },
    verify: (definition, message) => {
      if (trusted !== null) checkSignature(definition, message, trusted);
    },
  };
}

async function readOwnKey(settings: SigningSettings, name: string, log: Log): Promise<KeyObject | null> {
  const { keyFolder } = settings;
  if (keyFolder === undefined || !namesThatSign.has(name)) return null;
  const file = join(keyFolder, `${name}.key`);
  const [text, { mode }] = await Promise.all([readFile(file, 'utf8'), stat(file)]).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new Error(`the signing key ${file} cannot be read (${code}); "rangeward keys create" makes one.`);
  });
  if ((mode & 0o077) !== 0) log.warn({ file }, 'others may read this signing key; chmod 0400 it');
  const key = parse(() => createPrivateKey(text));
  if (key?.asymmetricKeyType !== 'ed25519') throw new Error(`${file} holds no Ed25519 private key in PEM.`);
  return key;
}

function checkSignature(
  definition: EventDefinition,
  message: SignedMessage,
  trusted: ReadonlyMap<string, readonly KeyObject[]>,
): void {
  const signers = signersOf(definition);
  const signature = message.headers[SIGNATURE_HEADER] ?? '';
  const refuse = (code: string, why: string) => new Rejection(code, `${definition.name}: ${why}`);
  if (signature === '') throw refuse('unsigned-event', `carries no signature of ${signers.join(' or ')}`);
  if ((message.headers['ce-id'] ?? '') === '') throw refuse('bad-signature', 'has no id that could be signed');
  const keys = signers.flatMap((signer) => trusted.get(signer) ?? []);
  if (keys.length === 0) throw refuse('untrusted-signer', `no key of ${signers.join(' or ')} is trusted here`);
  const bytes = signedBytes(message);
  const value = Buffer.from(signature, 'base64url');
  if (!keys.some((key) => verify(null, bytes, key, value))) {
    throw refuse('bad-signature', `the signature is not that of ${signers.join(' or ')} for this content and subject`);
  }
  const ageMs = Number(message.storedAtNs / 1_000_000n) - Date.parse(message.headers['ce-time'] ?? '');
  if (!(Math.abs(ageMs) <= FRESH_MS)) {
    throw refuse('stale-signature', `was signed ${Math.round(ageMs / 1_000)} s before the broker took it: said again`);
  }
}

/** A new pair: the private half as PEM for a file, the public one as it is written into the configuration. */
export function createSigningKey(): { readonly privateKeyPem: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { privateKeyPem, publicKey: publicKeyOf(publicKey) };
}

/** The 32 bytes of a key's public half in base64url. */
function publicKeyOf(key: KeyObject): string {
  return String((key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' }).x);
}

function publicKeyFrom(who: string, text: string): KeyObject {
  const key = parse(() => createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: text }, format: 'jwk' }));
  if (key === null || publicKeyOf(key) !== text) {
    throw new Error(`nats.signing.trusted.${who}: ${text} is no Ed25519 public key (43 letters of base64url).`);
  }
  return key;
}

/** The library's own message is not passed on, so that no part of a key can ever be in it. */
function parse(read: () => KeyObject): KeyObject | null {
  try {
    return read();
  } catch {
    return null;
  }
}
