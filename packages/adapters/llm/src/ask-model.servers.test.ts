import {
  answering,
  cutting,
  failing,
  type MessagesServer,
  messageOf,
  type Reply,
  rise,
  sending,
  silent,
  stalling,
  startMessagesServer,
} from '@rangeward/localnet/messages-server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Model, openModel } from './ask-model.ts';

const apiKey = 'sk-ant-test-0123456789abcdef';
const question = { system: 'say what you see', text: 'numbers', image: new Uint8Array([137, 80, 78, 71]) };
const forever = new AbortController().signal;

let server: MessagesServer;
let model: Model;
beforeAll(async () => {
  server = await startMessagesServer();
  model = await openModel({ apiKey, baseUrl: server.url, model: 'claude-opus-5-5', maxTokens: 4096 });
});
beforeEach(() => server.received.splice(0));
afterAll(() => server?.stop());

async function ask(replies: readonly Reply[], timeoutMs = 10_000) {
  server.reply(...replies);
  return model.prepare(question).send({ timeoutMs, signal: forever });
}

describe('a question', () => {
  it('holds the image before the words, a finite schema and little effort, and the key in a header alone', async () => {
    await ask([answering(rise)]);
    const [request] = server.received;
    expect(request?.url).toBe('/v1/messages');
    expect(request?.headers.authorization).toBe(`Bearer ${apiKey}`);
    expect(JSON.stringify(request?.body)).not.toContain(apiKey);
    expect(request?.body).toMatchObject({
      model: 'claude-opus-5-5',
      max_tokens: 4096,
      system: 'say what you see',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw==' } },
            { type: 'text', text: 'numbers' },
          ],
        },
      ],
      output_config: { effort: 'low', format: { type: 'json_schema', schema: { additionalProperties: false } } },
    });
    const { format } = (request?.body.output_config ?? {}) as { format: { schema: Schema } };
    const { properties, required } = format.schema;
    expect(Object.values(properties).map((field) => field.enum.length)).toEqual([3, 3, 4, 3]);
    expect(required).toEqual(Object.keys(properties));
    // Not accepted by every model; and tools are something that a model which only answers never has.
    expect(request?.body).not.toHaveProperty('temperature');
    expect(request?.body).not.toHaveProperty('tools');
  });

  it('has one hash, and another as soon as anything in it is another', () => {
    const hash = (other: Partial<typeof question>) => model.prepare({ ...question, ...other }).promptHash;
    expect(hash({})).toMatch(/^[0-9a-f]{64}$/);
    expect(hash({})).toBe(hash({}));
    const others = [{ system: 'other' }, { text: 'other' }, { image: new Uint8Array([1]) }].map(hash);
    expect(new Set([hash({}), ...others]).size).toBe(4);
  });
});

type Schema = { properties: Record<string, { enum: string[] }>; required: string[] };

it('an answer is read, with what it used', async () => {
  expect(await ask([answering({ direction: 'down', confidence: 'low', regime: 'volatile', width: 'wider' })])).toEqual({
    answer: { direction: -1, confidence: 0, regime: 3, width: 2 },
    usage: { inputTokens: 1500, outputTokens: 200 },
    requestId: 'req_1',
  });
});

const risen = { direction: 1, confidence: 2, regime: 2, width: 1 };

describe('trouble that passes', () => {
  it.each([
    ['429 with retry-after', failing(429, { 'retry-after': '0' })],
    ['500', failing(500, { 'retry-after-ms': '1' })],
    ['529', failing(529, { 'retry-after-ms': '1' })],
    ['a connection that breaks', ((response) => response.destroy()) as Reply],
  ])('%s is tried once more', async (_, first) => {
    expect((await ask([first, answering(rise)])).answer).toEqual(risen);
    expect(server.received).toHaveLength(2);
  });

  it.each([429, 500, 503, 529])('%i twice is no opinion', async (status) => {
    const { answer, usage } = await ask([failing(status, { 'retry-after-ms': '1' })]);
    expect(answer).toMatchObject({ kind: 'none', reason: 'failed', detail: expect.stringContaining(`${status}`) });
    expect(usage).toBeNull();
    expect(server.received).toHaveLength(2);
  });

  it.each([400, 401, 403, 404])('%i is not tried again', async (status) => {
    const { answer } = await ask([failing(status)]);
    expect(answer).toMatchObject({ kind: 'none', reason: 'failed' });
    expect(JSON.stringify(answer)).not.toContain('sk-ant');
    expect(server.received).toHaveLength(1);
  });
});

describe('time', () => {
  it.each([
    ['no headers', silent, 1],
    ['headers and no end', stalling, 1],
    ['a pause of a minute before the retry', failing(429, { 'retry-after': '59' }), 1],
  ] as const)('%s end with the time-out, its retry included', async (_, reply, requests) => {
    const began = performance.now();
    const { answer, usage } = await ask([reply], 300);
    expect(answer).toEqual({ kind: 'none', reason: 'time-out', detail: 'no answer within 300 ms' });
    expect(usage).toBeNull();
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(server.received).toHaveLength(requests);
  });

  it('a process that ends does not wait for the answer', async () => {
    server.reply(silent);
    const ending = new AbortController();
    const asked = model.prepare(question).send({ timeoutMs: 60_000, signal: ending.signal });
    ending.abort();
    expect((await asked).answer).toMatchObject({ kind: 'none', reason: 'failed' });
  });
});

describe('what is no answer', () => {
  const text = (value: string) => sending(JSON.stringify(messageOf(value)));
  const json = JSON.stringify(rise);

  it.each([
    ['a refusal', answering(rise, { stop_reason: 'refusal' }), 'refused'],
    ['the limit of its length', sending(JSON.stringify(messageOf(json, { stop_reason: 'max_tokens' }))), 'cut-off'],
    ['half a JSON at the limit', sending(JSON.stringify(messageOf('{"dir', { stop_reason: 'max_tokens' }))), 'cut-off'],
    ['half a JSON', text('{"direction":"up","confi'), 'malformed'],
    ['an extra key', answering({ ...rise, note: 'buy now' }), 'malformed'],
    ['a missing key', answering({ direction: 'up' }), 'malformed'],
    ['an absurd number', answering({ ...rise, confidence: 1e308 }), 'malformed'],
    ['NaN', text('{"direction":NaN}'), 'malformed'],
    ['a word that was not offered', answering({ ...rise, direction: 'sideways' }), 'malformed'],
    ['a prototype', text('{"__proto__":{"direction":"up"}}'), 'malformed'],
    ['a list', text(`[${json}]`), 'malformed'],
    ['much text', text('a'.repeat(500_000)), 'malformed'],
    ['more text than any answer has', text('a'.repeat(3_000_000)), 'malformed'],
    ['two texts', sending(JSON.stringify(messageOf('', { content: twoTexts(json) }))), 'malformed'],
    ['no text', sending(JSON.stringify(messageOf('', { content: [] }))), 'malformed'],
    ['a tool call', answering(rise, { stop_reason: 'tool_use' }), 'malformed'],
    ['no message', sending('{"hello":"world"}'), 'malformed'],
    ['null', sending('null'), 'malformed'],
    ['no JSON under a JSON type', sending('<html>'), 'malformed'],
    ['a page', sending('<html>', 200, { 'content-type': 'text/html' }), 'malformed'],
    [
      'a whole answer under another type',
      sending(JSON.stringify(messageOf(json)), 200, { 'content-type': 'text/plain' }),
      'malformed',
    ],
    ['nothing', sending('', 204), 'malformed'],
    ['absurd usage', answering(rise, { usage: { input_tokens: -5, output_tokens: 1e30 } }), 'malformed'],
  ] as const)('%s', async (_, reply, reason) => {
    expect((await ask([reply])).answer).toMatchObject({ kind: 'none', reason });
  });

  it('a body that breaks off', async () => {
    expect((await ask([cutting])).answer).toMatchObject({ kind: 'none', reason: 'failed' });
  });

  it('nobody there', async () => {
    const gone = await startMessagesServer();
    const far = await openModel({ apiKey, baseUrl: gone.url, model: 'm', maxTokens: 256 });
    await gone.stop();
    const { answer } = await far.prepare(question).send({ timeoutMs: 10_000, signal: forever });
    expect(answer).toMatchObject({ kind: 'none', reason: 'failed', detail: expect.not.stringContaining('http') });
  });
});

function twoTexts(json: string) {
  return [
    { type: 'text', text: json },
    { type: 'text', text: json },
  ];
}
