import { MsgHdrsImpl } from '@nats-io/transport-node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headersOf, readHeaders } from './incoming-message.ts';
import { parseHeaders } from './quick-headers.ts';

/** What the client's class makes of a block; null when it refuses. */
function byTheClient(block: string): Record<string, string> | null {
  const headers = headersOf(() => MsgHdrsImpl.decode(new TextEncoder().encode(block)));
  return headers === null ? null : readHeaders(headers);
}

describe('headers read from their bytes', () => {
  it('are what the client reads, names of attributes in lower case, first values', () => {
    const block = 'NATS/1.0\r\nNats-Msg-Id: m\r\nce-id:one\r\nCe-Type:  a: b \r\nce-id: two\r\nX:\r\n\r\n';
    expect(parseHeaders(block)).toEqual({ 'Nats-Msg-Id': 'm', 'ce-id': 'one', 'ce-type': 'a: b', X: '' });
    expect(parseHeaders(block)).toEqual(byTheClient(block));
  });

  it('are left to the client when they are not plain, and never differ from what it reads', () => {
    const piece = fc.constantFrom(
      'ce-id',
      'CE-ID',
      'Nats-Msg-Id',
      ':',
      ' ',
      '\r\n',
      '\r',
      '\n',
      '__proto__',
      'ü',
      '\t',
      'a b',
      'v',
    );
    const block = fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(fc.constantFrom('NATS/1.0\r\n', 'NATS/1.0 503\r\n', ''), block, (first, rest) => {
        const text = `${first}${rest}\r\n\r\n`;
        const quick = parseHeaders(text);
        if (quick !== undefined) expect(quick).toEqual(byTheClient(text));
      }),
      { numRuns: 5_000 },
    );
  });
});
