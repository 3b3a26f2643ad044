import { ChainError, scrubText } from './chain-error.ts';

/** A JSON-RPC connection over WebSocket. It does not reconnect: whoever opened it knows what was missed meanwhile. */
export type RpcSocket = {
  /** Throws ChainError when the node refuses, does not answer in time, or the connection is lost. */
  request(method: string, params: readonly unknown[]): Promise<unknown>;
  /** eth_subscribe; `onNews` hears each notification's result as the node sent it. */
  subscribe(params: readonly unknown[], onNews: (result: unknown) => void): Promise<void>;
  /** Closes without calling `onClose`. */
  close(): void;
};

type RpcSocketOptions = {
  readonly name: string;
  readonly url: string;
  /** Texts that must not stand in an error. */
  readonly secrets: readonly string[];
  /** Called once, when the connection is lost or silent for too long. */
  readonly onClose: () => void;
  /** Bound of opening and of one request; 10 s unless told. */
  readonly timeoutMs?: number;
  /** A connection that does not answer a question asked this often is taken for lost; 15 s unless told. */
  readonly heartbeatMs?: number;
};

type Pending = { resolve(result: unknown): void; reject(error: ChainError): void };

/** Opens the connection; throws ChainError `unreachable` or `timeout`. */
export async function openRpcSocket(options: RpcSocketOptions): Promise<RpcSocket> {
  const socket = new WebSocket(options.url);
  await opened(socket, options);
  return serve(socket, options);
}

function opened(socket: WebSocket, { name, timeoutMs = 10_000 }: RpcSocketOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      socket.close();
      reject(new ChainError('timeout', name, `the WebSocket did not open within ${timeoutMs} ms`));
    }, timeoutMs);
    socket.addEventListener('open', () => {
      clearTimeout(late);
      resolve();
    });
    socket.addEventListener('error', () => {
      clearTimeout(late);
      reject(new ChainError('unreachable', name, 'the WebSocket could not be opened'));
    });
  });
}

function serve(socket: WebSocket, options: RpcSocketOptions): RpcSocket {
  const { name, secrets, timeoutMs = 10_000, heartbeatMs = 15_000 } = options;
  const pending = new Map<number, Pending>();
  const listeners = new Map<string, (result: unknown) => void>();
  let lastId = 0;
  let closed = false;
  const end = (tell: boolean) => {
    if (closed) return;
    closed = true;
    clearInterval(heartbeat);
    for (const { reject } of pending.values()) reject(new ChainError('unreachable', name, 'the WebSocket was lost'));
    pending.clear();
    socket.close();
    if (tell) options.onClose();
  };
  const call = <Answer>(method: string, params: readonly unknown[], read: (result: unknown) => Answer) =>
    new Promise<Answer>((resolve, reject) => {
      if (closed) return reject(new ChainError('unreachable', name, 'the WebSocket was lost'));
      const id = ++lastId;
      const late = setTimeout(() => {
        pending.delete(id);
        reject(new ChainError('timeout', name, `${method} was not answered within ${timeoutMs} ms`));
      }, timeoutMs);
      const settle = (act: () => void) => {
        clearTimeout(late);
        act();
      };
      pending.set(id, {
        resolve: (result) => settle(() => resolve(read(result))),
        reject: (error) => settle(() => reject(error)),
      });
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  const request = (method: string, params: readonly unknown[]) => call(method, params, (result) => result);
  // A half-open connection delivers nothing and reports nothing: only an unanswered question shows it.
  const heartbeat = setInterval(() => request('eth_chainId', []).catch(() => end(true)), heartbeatMs);
  heartbeat.unref();
  socket.addEventListener('close', () => end(true));
  socket.addEventListener('error', () => end(true));
  socket.addEventListener('message', ({ data }: { data: unknown }) => {
    const message = parseMessage(data);
    if (message.subscription !== undefined) return listeners.get(message.subscription)?.(message.result);
    const waiting = pending.get(message.id);
    pending.delete(message.id);
    if (message.error === undefined) return waiting?.resolve(message.result);
    waiting?.reject(new ChainError('refused', name, scrubText(message.error, secrets)));
  });
  return {
    request,
    // The listener is set while the answer is read: the first notification may follow it within the same tick.
    subscribe: (params, onNews) =>
      call('eth_subscribe', params, (subscription) => {
        listeners.set(String(subscription), onNews);
      }),
    close: () => end(false),
  };
}

type Message = {
  readonly id: number;
  readonly subscription: string | undefined;
  readonly result: unknown;
  readonly error: string | undefined;
};

function parseMessage(data: unknown): Message {
  const message = asRecord(typeof data === 'string' ? JSON.parse(data) : undefined);
  const params = asRecord(message.params);
  const isNews = message.method === 'eth_subscription';
  const error = message.error;
  return {
    id: typeof message.id === 'number' ? message.id : -1,
    subscription: isNews ? String(params.subscription) : undefined,
    result: isNews ? params.result : message.result,
    error: error === undefined ? undefined : String(asRecord(error).message ?? 'refused').slice(0, 300),
  };
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  // A JSON object is a record of unknown values; anything else reads as an empty one.
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
