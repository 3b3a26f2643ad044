import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { control, encodeEvent, Rejection, SIGNATURE_HEADER } from '@rangeward/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSigningKey, openSigning, type Signing } from './signing.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} };
const folder = mkdtempSync(join(tmpdir(), 'rangeward-signing-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pair = createSigningKey();
const other = createSigningKey();
const at = '2026-01-05T12:00:00.000Z';
const storedAtNs = BigInt(Date.parse(at) + 1_000) * 1_000_000n;

const message = encodeEvent(control, { action: 'pause', by: 'anna', reason: 'look', at }, { source: 'test', time: at });
const trusted = { operator: [pair.publicKey] };

let signing: Signing;
beforeAll(async () => {
  writeFileSync(join(folder, 'operator.key'), pair.privateKeyPem, { mode: 0o400 });
  signing = await openSigning({ keyFolder: folder, trusted }, 'operator', silent);
});

const signed = () => ({ ...message, headers: { ...message.headers, ...signing.sign(message) }, storedAtNs });

function codeOf(change: Partial<ReturnType<typeof signed>>): string {
  try {
    signing.verify(control, { ...signed(), ...change });
    return 'accepted';
  } catch (error) {
    if (error instanceof Rejection) return error.code;
    throw error;
  }
}

describe('a signature', () => {
  test('is accepted for the message it was made for, and made again it is the same', () => {
    expect(codeOf({})).toBe('accepted');
    expect(signing.sign(message)).toEqual(signing.sign(message));
  });

  test('fits no other content, subject, id, time or run', () => {
    const changed = { ...signed().headers };
    expect(codeOf({ body: new TextEncoder().encode('{}') })).toBe('bad-signature');
    expect(codeOf({ subject: 'lp.v1.control.kill' })).toBe('bad-signature');
    expect(codeOf({ headers: { ...changed, 'ce-id': 'f'.repeat(32) } })).toBe('bad-signature');
    expect(codeOf({ headers: { ...changed, 'ce-id': '' } })).toBe('bad-signature');
    expect(codeOf({ headers: { ...changed, 'ce-time': '2026-01-05T12:00:01.000Z' } })).toBe('bad-signature');
    expect(codeOf({ headers: { ...changed, 'ce-correlationid': 'a'.repeat(32) } })).toBe('bad-signature');
  });

  test('is asked for: none, another’s, or half of one is refused', () => {
    const { [SIGNATURE_HEADER]: value = '', ...unsigned } = signed().headers as Record<string, string>;
    expect(codeOf({ headers: unsigned })).toBe('unsigned-event');
    expect(codeOf({ headers: { ...unsigned, [SIGNATURE_HEADER]: value.slice(0, 40) } })).toBe('bad-signature');
    expect(codeOf({ headers: { ...unsigned, [SIGNATURE_HEADER]: '☠' } })).toBe('bad-signature');
  });

  test('counts for ten minutes, so that nobody says again what was said once', () => {
    const later = (ms: number) => storedAtNs + BigInt(ms) * 1_000_000n;
    expect(codeOf({ storedAtNs: later(590_000) })).toBe('accepted');
    expect(codeOf({ storedAtNs: later(600_000) })).toBe('stale-signature');
    expect(codeOf({ storedAtNs: later(-700_000) })).toBe('stale-signature');
  });
});

test('keys may overlap while one replaces another, and a key that is not pinned is not believed', async () => {
  const both = await openSigning({ trusted: { operator: [other.publicKey, pair.publicKey] } }, 'executor', silent);
  expect(() => both.verify(control, signed())).not.toThrow();
  const foreign = await openSigning({ trusted: { operator: [other.publicKey] } }, 'executor', silent);
  expect(() => foreign.verify(control, signed())).toThrow(expect.objectContaining({ code: 'bad-signature' }));
  const nobody = await openSigning({ trusted: { decision: [other.publicKey] } }, 'executor', silent);
  expect(() => nobody.verify(control, signed())).toThrow(expect.objectContaining({ code: 'untrusted-signer' }));
});

test('without any keys nothing is signed and everything passes', async () => {
  const off = await openSigning({}, 'decision', silent);
  expect(off.sign(message)).toEqual({});
  expect(() => off.verify(control, { ...message, storedAtNs })).not.toThrow();
});

describe('what is missing is said, and never a key', () => {
  test('decision does not start without its key; a person may look, and is told when something is said', async () => {
    const empty = { keyFolder: join(folder, 'none'), trusted };
    await expect(openSigning(empty, 'decision', silent)).rejects.toThrow(/decision\.key cannot be read \(ENOENT\)/);
    const person = await openSigning(empty, 'operator', silent);
    expect(() => person.sign(message)).toThrow(/operator\.key cannot be read.*rangeward keys create/);
    const keyless = await openSigning({ trusted }, 'decision', silent);
    expect(() => keyless.sign(message)).toThrow(/decision has no key/);
  });

  test('a key that is none, and one whose public half is not pinned', async () => {
    writeFileSync(join(folder, 'decision.key'), 'SECRET-THAT-IS-NO-KEY');
    const refusal = await openSigning({ keyFolder: folder }, 'decision', silent).catch((error: Error) => error.message);
    expect(refusal).toMatch(/holds no Ed25519 private key/);
    expect(refusal).not.toContain('SECRET');
    writeFileSync(join(folder, 'decision.key'), other.privateKeyPem);
    await expect(
      openSigning({ keyFolder: folder, trusted: { decision: [pair.publicKey] } }, 'decision', silent),
    ).rejects.toThrow(/trusted\.decision does not hold/);
    await expect(openSigning({ trusted: { operator: ['A'.repeat(43)] } }, 'executor', silent)).resolves.toBeDefined();
    await expect(openSigning({ trusted: { operator: ['B'] } }, 'executor', silent)).rejects.toThrow(
      /no Ed25519 public/,
    );
  });

  test('others who may read the key are worth a warning', async () => {
    const warned: string[] = [];
    writeFileSync(join(folder, 'decision.key'), other.privateKeyPem, { mode: 0o644 });
    await openSigning({ keyFolder: folder }, 'decision', { ...silent, warn: (_, text) => void warned.push(text) });
    expect(warned).toEqual(['others may read this signing key; chmod 0400 it']);
  });
});
