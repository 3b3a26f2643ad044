import type { EventDefinition, ServiceName } from './define-event.ts';
import type { WireMessage } from './envelope.ts';

/** Who has a key of their own: a service, or the person at the operator's command. */
export type SignerName = ServiceName | 'operator';

/** The header that carries the signature: 64 bytes of Ed25519 in base64url. */
export const SIGNATURE_HEADER = 'Rangeward-Signature';

const encoder = new TextEncoder();

/**
 * The bytes that are signed: what the message says, where, under which id, when and for which run. A signature therefore
 * fits no other subject, no other id and no other time.
 */
export function signedBytes(message: WireMessage): Uint8Array {
  const attribute = (name: string) => message.headers[`ce-${name}`] ?? '';
  const lines = [message.subject, attribute('id'), attribute('time'), attribute('correlationid')];
  const head = encoder.encode(`rangeward-signature-1\n${lines.join('\n')}\n`);
  const bytes = new Uint8Array(head.length + message.body.length);
  bytes.set(head);
  bytes.set(message.body, head.length);
  return bytes;
}

/** Whose signature an event needs. */
export function signersOf(definition: Pick<EventDefinition, 'saidBy'>): SignerName[] {
  return definition.saidBy.map((who) => (who === 'person' ? 'operator' : who));
}

/** Codes of the Rejections of messages that are not from whom they say: each is a case for a person at once. */
export const forgeryCodes: ReadonlySet<string> = new Set([
  'unsigned-event',
  'untrusted-signer',
  'bad-signature',
  'stale-signature',
]);
