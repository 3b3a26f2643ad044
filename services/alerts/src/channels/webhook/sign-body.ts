import { createHmac } from 'node:crypto';

/**
 * Headers by which the receiver knows that a notice is ours and new: `X-Rangeward-Signature` is `sha256=` and the
 * HMAC-SHA256, in hex, of the timestamp header, a dot and the body. Without a secret there is only the timestamp.
 */
export function signatureHeaders(body: string, time: string, secret: string | undefined): Record<string, string> {
  const timestamp = { 'x-rangeward-timestamp': time };
  if (secret === undefined) return timestamp;
  const digest = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex');
  return { ...timestamp, 'x-rangeward-signature': `sha256=${digest}` };
}
