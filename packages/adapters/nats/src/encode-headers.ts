import type { MsgHdrs } from '@nats-io/transport-node';
import { Rejection } from '@rangeward/contracts';

const encoder = new TextEncoder();
const LINE_BREAK = /[\r\n]/;

/**
 * Headers of a message to be published, in the order given: the broker's own (Nats-…) must come first, because servers
 * look their names up in the whole block and stop at the first place where the letters stand, be it in a value.
 * The client's own class checks each name letter by letter on every message; here only the values are checked. Throws Rejection `bad-header` for a value with a line break,
 * which would let the sender of one message write headers of another.
 */
export function encodeHeaders(headers: Readonly<Record<string, string>>): MsgHdrs {
  let text = 'NATS/1.0\r\n';
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (LINE_BREAK.test(value)) throw new Rejection('bad-header', `${name}: a header cannot hold a line break`);
    text += `${name}: ${value}\r\n`;
  }
  const bytes = encoder.encode(`${text}\r\n`);
  // Of a published message's headers the client only ever calls encode().
  return { encode: () => bytes } as unknown as MsgHdrs;
}
