import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that speaks the Messages API of a model's provider as a test wants it, over real HTTP. */

type Received = {
  readonly headers: IncomingMessage['headers'];
  readonly url: string;
  // What a client sent, looked into by tests.
  readonly body: Record<string, unknown>;
};

export type Reply = (response: ServerResponse, received: Received) => void;

export type MessagesServer = {
  readonly url: string;
  readonly received: Received[];
  /** Replies to the next requests in turn; the last one to all further ones. */
  reply(...replies: Reply[]): void;
  stop(): Promise<void>;
};

export async function startMessagesServer(): Promise<MessagesServer> {
  const received: Received[] = [];
  let replies: Reply[] = [answering(rise)];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
      const one = { headers: request.headers, url: request.url ?? '', body };
      received.push(one);
      const reply = replies.length > 1 ? replies.shift() : replies[0];
      reply?.(response, one);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    reply: (...next) => {
      replies = next;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const rise = { direction: 'up', confidence: 'high', regime: 'normal', width: 'unchanged' };

/** A whole message with this text, or with parts of it otherwise. */
export function messageOf(text: string, other: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-opus-5-5',
    content: [
      { type: 'thinking', thinking: '', signature: 'c2lnbmF0dXJl' },
      { type: 'text', text },
    ],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 1500, output_tokens: 200 },
    ...other,
  };
}

export const sending =
  (body: string, status = 200, headers: Record<string, string> = {}): Reply =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_1', ...headers });
    response.end(body);
  };

export const answering = (answer: unknown, other: Record<string, unknown> = {}): Reply =>
  sending(JSON.stringify(messageOf(JSON.stringify(answer), other)));

export const failing = (status: number, headers: Record<string, string> = {}): Reply =>
  sending(
    JSON.stringify({ type: 'error', error: { type: 'some_error', message: 'sk-ant-quoted-by-the-server' } }),
    status,
    headers,
  );

/** Takes the request and never says a word. */
export const silent: Reply = () => {};

/** Says that it will answer, begins to, and stops there. */
export const stalling: Reply = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"id":"msg_1",');
};

export const cutting: Reply = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' });
  response.write('{"id":"msg_1",', () => response.destroy());
};
