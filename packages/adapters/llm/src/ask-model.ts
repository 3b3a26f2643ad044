import { createHash } from 'node:crypto';
import type { Anthropic } from '@anthropic-ai/sdk';
import { answerSchema } from './answer.ts';
import { limitBody } from './limit-body.ts';
import { type ModelReply, noAnswer, readMessage } from './read-message.ts';

export type ModelAccess = {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly model: string;
  readonly maxTokens: number;
};

export type Question = {
  /** What it is asked to do; the same for every run. */
  readonly system: string;
  readonly text: string;
  /** The chart, PNG. */
  readonly image: Uint8Array;
};

/** A question as it will be sent. */
export type PreparedQuestion = {
  /** sha256 of the whole request: model, limits, schema, words and image. */
  readonly promptHash: string;
  /** Sends it. Never throws; a retry and its pauses lie within `timeoutMs`. */
  send(limits: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<ModelReply>;
};

export type Model = { prepare(question: Question): PreparedQuestion };

/**
 * A model behind the Messages API. The SDK is loaded here and not before: whoever has no key never pays for it. Address
 * and key come from here alone, never from the SDK's own look at the environment, and it writes no log, which could carry
 * them. Its spans carry no content, and the provider is not told of our traces.
 */
export async function openModel(access: ModelAccess): Promise<Model> {
  const [sdk, { zodOutputFormat }] = await Promise.all([
    import('@anthropic-ai/sdk'),
    import('@anthropic-ai/sdk/helpers/zod'),
  ]);
  const client = new sdk.Anthropic({
    apiKey: access.apiKey,
    authToken: null,
    baseURL: access.baseUrl,
    maxRetries: 1,
    logLevel: 'off',
    openTelemetry: { propagation: false, traces: { contentMode: 'metadata_only' } },
    fetch: (url, init) => fetch(url, init).then(limitBody),
  });
  const format = zodOutputFormat(answerSchema);
  return {
    prepare(question) {
      const request = requestOf(access, question, format);
      const promptHash = createHash('sha256').update(JSON.stringify(request)).digest('hex');
      return { promptHash, send: (limits) => send(sdk, client, request, limits) };
    },
  };
}

type Sdk = typeof import('@anthropic-ai/sdk');
type Request = Anthropic.MessageCreateParamsNonStreaming;

function requestOf(
  { model, maxTokens }: ModelAccess,
  { system, text, image }: Question,
  format: Anthropic.JSONOutputFormat,
): Request {
  const data = Buffer.from(image).toString('base64');
  return {
    model,
    max_tokens: maxTokens,
    system,
    output_config: { effort: 'low', format },
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data } },
          { type: 'text', text },
        ],
      },
    ],
  };
}

/**
 * `create` and not `parse`: the latter reads the text before anybody could look at why it stopped, and throws at an answer
 * that was cut off.
 */
async function send(
  sdk: Sdk,
  client: Anthropic,
  request: Request,
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<ModelReply> {
  const timeUp = AbortSignal.timeout(limits.timeoutMs);
  const signal = AbortSignal.any([timeUp, limits.signal]);
  try {
    const asked = client.messages.create(request, { signal, timeout: limits.timeoutMs }).withResponse();
    // The SDK does not look at the signal while it pauses before its retry, which a server may ask to be a minute long.
    const { data, request_id: requestId } = await Promise.race([asked, rejectWhenAborted(signal)]);
    return { ...readMessage(data), requestId: requestId?.slice(0, 200) ?? null };
  } catch (error) {
    const why = timeUp.aborted ? noAnswer('time-out', `no answer within ${limits.timeoutMs} ms`) : explain(sdk, error);
    const requestId = error instanceof sdk.APIError ? (error.requestID?.slice(0, 200) ?? null) : null;
    return { answer: why, usage: null, requestId };
  }
}

function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(new DOMException('the call was ended', 'AbortError'));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

/** What went wrong in our own words, by status and kind alone. */
function explain(sdk: Sdk, error: unknown) {
  if (error instanceof sdk.APIConnectionTimeoutError) return noAnswer('time-out', 'the connection timed out');
  if (error instanceof sdk.APIUserAbortError) return noAnswer('failed', 'this process ended before the answer came');
  if (error instanceof sdk.APIConnectionError) return noAnswer('failed', 'the model’s server could not be reached');
  if (error instanceof sdk.APIError && typeof error.status === 'number') {
    return noAnswer('failed', `the model’s server answered ${error.status}${meaningOf(error.status)}`);
  }
  if (error instanceof SyntaxError) return noAnswer('malformed', 'the answer is not JSON');
  if (error instanceof Error && error.name === 'AbortError') {
    return noAnswer('failed', 'this process ended before the answer came');
  }
  return noAnswer('failed', 'the connection broke before the answer was whole');
}

function meaningOf(status: number): string {
  if (status === 401 || status === 403) return ': the key is refused';
  if (status === 404) return ': no such model there';
  if (status === 429) return ': too many calls';
  if (status === 529) return ': overloaded';
  return '';
}
