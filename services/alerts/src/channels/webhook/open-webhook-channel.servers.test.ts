import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from '@rangeward/service/log';
import { createScrubber } from '@rangeward/service/scrub';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Notice } from '../../alert.ts';
import { webhookChannelSettings } from './config.ts';
import { openWebhookChannel } from './open-webhook-channel.ts';

type Call = { readonly headers: IncomingHttpHeaders; readonly body: string };

let server: Server;
let url: string;
let calls: Call[];
/** Status codes of the next answers; 200 when none is left, 0 breaks the connection, -1 never answers. */
let answers: number[];

beforeEach(async () => {
  calls = [];
  answers = [];
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      calls.push({ headers: request.headers, body });
      const status = answers.shift() ?? 200;
      if (status === 0) request.socket.destroy();
      else if (status > 0) response.writeHead(status).end('whatever');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Listening on a port gives an address of this shape.
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
});
afterEach(() => {
  server.closeAllConnections();
  return new Promise<void>((resolve) => server.close(() => resolve()));
});

const notice: Notice = {
  group: 'executor|rpc-down|-',
  severity: 'critical',
  title: 'executor: rpc-down',
  text: 'no answer from https://rpc.example/v2/supersecretkey123',
  facts: { chain: 'base' },
  count: 3,
  time: '2026-01-05T00:00:00.000Z',
};

function send(given: object = {}, signal = new AbortController().signal): Promise<void> {
  const settings = webhookChannelSettings.parse({ url, firstDelayMs: 1, ...given });
  const tools = {
    log: createLogger({ service: 'alerts', level: 'silent' }),
    scrub: createScrubber(['supersecretkey123']),
  };
  const channel = openWebhookChannel(settings, tools);
  return channel === null ? Promise.reject(new Error('no channel')) : channel.send(notice, signal);
}

describe('the webhook', () => {
  it('is called once, with the notice and no secret in it', async () => {
    await send();
    expect(calls).toHaveLength(1);
    expect(JSON.parse(calls[0]?.body ?? '')).toMatchObject({
      version: 1,
      severity: 'critical',
      count: 3,
      facts: { chain: 'base' },
    });
    expect(calls[0]?.body).not.toContain('supersecretkey123');
    expect(calls[0]?.headers).not.toHaveProperty('x-rangeward-signature');
  });

  it('signs time and body when it has a secret', async () => {
    const secret = 'a-secret-of-16-letters';
    await send({ secret });
    const { headers, body } = calls[0] ?? { headers: {}, body: '' };
    const digest = createHmac('sha256', secret).update(`${notice.time}.${body}`).digest('hex');
    expect(headers).toMatchObject({
      'x-rangeward-timestamp': notice.time,
      'x-rangeward-signature': `sha256=${digest}`,
    });
  });

  it.each([500, 503, 429, 0])('is tried again after %i', async (answer) => {
    answers = [answer, answer];
    await send();
    expect(calls).toHaveLength(3);
  });

  it('is given up after five further tries', async () => {
    answers = Array.from({ length: 10 }, () => 500);
    await expect(send()).rejects.toThrow('answered 500');
    expect(calls).toHaveLength(6);
  });

  it('is not tried again when it refuses', async () => {
    answers = [400];
    await expect(send()).rejects.toThrow('answered 400');
    expect(calls).toHaveLength(1);
  });

  it('does not wait for ever, and never names its URL', async () => {
    answers = [-1];
    const failed = await send({ timeoutMs: 100, retries: 0 }).catch((error: unknown) => error);
    expect(String(failed)).toContain('did not answer');
    expect(String(failed)).not.toContain('/hook');
  });

  it('stops trying when the service stops', async () => {
    answers = [-1];
    const stop = new AbortController();
    const sending = send({ timeoutMs: 60_000, firstDelayMs: 60_000 }, stop.signal);
    await new Promise<void>((resolve) => server.once('request', () => resolve()));
    stop.abort();
    await expect(sending).rejects.toThrow();
    expect(calls.length).toBeLessThanOrEqual(1);
  });

  it('is not there without a URL', () => {
    const tools = { log: createLogger({ service: 'alerts', level: 'silent' }), scrub: (text: string) => text };
    expect(openWebhookChannel(undefined, tools)).toBeNull();
  });
});
