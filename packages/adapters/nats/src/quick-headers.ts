import type { Delivery } from './delivery.ts';

const FIRST_LINE = 'NATS/1.0\r\n';
const PLAIN_NAME = /^[A-Za-z0-9-]+$/;
/** Names as they came, and as we keep them: a dozen of ours, and some that others send. */
const keys = new Map<string, string>();
const MOST_KEYS = 100;

/**
 * The headers of a delivery, read from its bytes: the client's own class looks through all names so far for each one,
 * which costs as much as claiming the work. Undefined when anything in them is out of the ordinary, or the client keeps
 * its bytes elsewhere than it did: then its class must be asked.
 */
export function quickHeaders(delivery: Delivery): Record<string, string> | undefined {
  // Not part of the client's interface, so nothing here is taken for granted.
  const { msg } = delivery as unknown as { msg?: { _msg?: { hdr?: unknown }; _rdata?: unknown } };
  const length = msg?._msg?.hdr;
  const bytes = msg?._rdata;
  if (typeof length !== 'number' || !(bytes instanceof Uint8Array)) return undefined;
  if (length <= 0) return {};
  return parseHeaders(Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('utf8'));
}

/**
 * Names of CloudEvents attributes in lower case, others as they came; the first of several values counts. Undefined for
 * a block that is not plain.
 */
export function parseHeaders(block: string): Record<string, string> | undefined {
  if (!block.startsWith(FIRST_LINE)) return undefined;
  const headers: Record<string, string> = {};
  for (let start = FIRST_LINE.length; start < block.length; ) {
    const found = block.indexOf('\r\n', start);
    const end = found === -1 ? block.length : found;
    const colon = block.indexOf(':', start);
    if (end > start) {
      if (colon === -1 || colon > end) return undefined;
      const name = keyOf(block.slice(start, colon));
      const value = block.slice(colon + 1, end).trim();
      if (name === undefined || value.includes('\r') || value.includes('\n')) return undefined;
      headers[name] ??= value;
    }
    start = end + 2;
  }
  return headers;
}

/** Undefined for a name that is not plain. */
function keyOf(name: string): string | undefined {
  const known = keys.get(name);
  if (known !== undefined) return known;
  if (!PLAIN_NAME.test(name)) return undefined;
  const key = /^ce-/i.test(name) ? name.toLowerCase() : name;
  if (keys.size < MOST_KEYS) keys.set(name, key);
  return key;
}
