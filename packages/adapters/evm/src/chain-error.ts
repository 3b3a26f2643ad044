/** Why a node did not give what was asked; stable, so that callers and alerts can tell them apart. */
export type ChainErrorCode =
  | 'unreachable'
  | 'timeout'
  | 'rate-limited'
  | 'refused'
  | 'reverted'
  | 'wrong-chain'
  | 'no-code'
  | 'block-gone'
  | 'bad-answer';

/**
 * Anything that went wrong at a chain, in one short sentence. It never carries the RPC's URL, which is a secret: the
 * cause was scrubbed by `scrubError` before. All of them may succeed later, except `wrong-chain` and `no-code`.
 */
export class ChainError extends Error {
  override readonly name = 'ChainError';
  readonly code: ChainErrorCode;
  /** Configured name of the chain. */
  readonly chain: string;

  constructor(code: ChainErrorCode, chain: string, message: string, cause?: unknown) {
    super(`${chain}: ${message}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.chain = chain;
  }
}

/** A ChainError for whatever viem or fetch threw while doing `what`; a ChainError stays as it is. */
export function toChainError(chain: string, what: string, cause: unknown): ChainError {
  if (cause instanceof ChainError) return cause;
  const code = codeOf(cause);
  const hint = shortMessageOf(cause);
  return new ChainError(code, chain, hint === '' ? `${what} failed` : `${what} failed: ${hint}`, cause);
}

/** The strings that give an RPC away: the URL as written, its host, credentials and long path or query parts. */
export function secretsOf(urls: readonly (string | undefined)[]): string[] {
  const found = urls.flatMap((text) => {
    if (text === undefined) return [];
    const url = new URL(text);
    const parts = [...url.pathname.split('/'), ...url.searchParams.values()].filter((part) => part.length >= 8);
    return [
      text,
      url.href,
      url.origin,
      url.host,
      url.password,
      url.username,
      ...parts,
      ...parts.map(decodeURIComponent),
    ];
  });
  // The longest first, so that no rest of a secret stays when a part of it is replaced.
  return [...new Set(found)].filter((part) => part.length >= 4).sort((a, b) => b.length - a.length);
}

/** Replaces the secrets in every text of an error and of its causes, in place, so that its class and codes stay. */
export function scrubError(error: unknown, secrets: readonly string[], seen = new Set<unknown>()): unknown {
  if (typeof error !== 'object' || error === null || seen.has(error)) return error;
  seen.add(error);
  // Errors of viem and fetch carry the URL in message, stack, details, url, metaMessages, body and headers alike.
  for (const key of Object.getOwnPropertyNames(error)) {
    const value: unknown = Reflect.get(error, key);
    if (typeof value === 'string') writeOver(error, key, scrubText(value, secrets));
    else scrubError(value, secrets, seen);
  }
  return error;
}

export function scrubText(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, '[rpc]'), text);
}

function writeOver(target: object, key: string, value: string): void {
  if (Reflect.get(target, key) === value) return;
  if (!Reflect.defineProperty(target, key, { value, writable: true, configurable: true, enumerable: false })) {
    Reflect.deleteProperty(target, key);
  }
}

/** The code that fits whatever viem or fetch threw. */
export function codeOf(error: unknown): ChainErrorCode {
  for (const cause of causesOf(error)) {
    const status: unknown = Reflect.get(cause, 'status');
    const rpcCode: unknown = Reflect.get(cause, 'code');
    if (status === 429 || rpcCode === -32005) return 'rate-limited';
    if (cause.name === 'ContractFunctionRevertedError' || cause.name === 'ExecutionRevertedError') return 'reverted';
    if (cause.name === 'TimeoutError') return 'timeout';
    if (cause.name === 'HttpRequestError' || cause.name === 'WebSocketRequestError') return 'unreachable';
    if (cause.name === 'BlockNotFoundError') return 'block-gone';
  }
  return 'refused';
}

/**
 * Whether the node wants fewer requests (HTTP status 429). The code -32005 alone does not say so: the same code also
 * refuses a range with too many logs, where asking for less helps and waiting does not.
 */
export function isTooManyRequests(error: unknown): boolean {
  return causesOf(error).some((cause) => Reflect.get(cause, 'status') === 429);
}

function shortMessageOf(error: unknown): string {
  const texts = causesOf(error).map((cause) => {
    const short: unknown = Reflect.get(cause, 'shortMessage');
    return typeof short === 'string' ? short : cause.message;
  });
  return (texts[0] ?? '').split('\n')[0]?.slice(0, 300) ?? '';
}

function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  for (let cause = error; cause instanceof Error && causes.length < 10; cause = cause.cause) causes.push(cause);
  return causes;
}
