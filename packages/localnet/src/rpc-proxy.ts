import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { ReplacementRule } from './replacement-rule.ts';

/** One JSON-RPC call as it came from a client. */
type RpcCall = { readonly id: unknown; readonly method: string; readonly params: readonly unknown[] };

type RpcAnswer = {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
};

/**
 * What a bad node does with a call. `swallow`: the node takes the call, the caller's connection is cut before the answer.
 * `unavailable`: 503 for the whole request. `hang`: no answer until the proxy stops. `delay`: the answer comes later.
 * `answer`: something else instead of asking the node. `rewrite`: the node's answer, changed.
 */
type RpcFault =
  | { readonly kind: 'swallow' }
  | { readonly kind: 'unavailable' }
  | { readonly kind: 'hang' }
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'answer'; readonly answer: RpcAnswer }
  | { readonly kind: 'rewrite'; readonly rewrite: (answer: RpcAnswer) => RpcAnswer };

/** Asks the node behind the proxy. */
type AskNode = (method: string, params: readonly unknown[]) => Promise<RpcAnswer>;

/** The fault for a call, or null to let it pass. Asked in the order in which the rules were added; the first fault counts. */
type FaultRule = (call: RpcCall, ask: AskNode) => RpcFault | null | Promise<RpcFault | null>;

export type RpcProxy = {
  /** http://127.0.0.1:port */
  readonly url: string;
  /** ws://127.0.0.1:port; passed through to the node as it is. */
  readonly wsUrl: string;
  /** Begins a misbehaviour; the function returned ends it. */
  misbehave(rule: FaultRule): () => void;
  /** Every method that was asked, in order. */
  readonly asked: readonly string[];
  /** Cuts every WebSocket; clients may open new ones. */
  cutSockets(): void;
  stop(): Promise<void>;
};

type RpcProxyOptions = {
  /** The node behind it, http://host:port. */
  readonly upstreamUrl: string;
  /** Refuse a replacement that does not pay 10 % more, as geth does and anvil does not. False by default. */
  readonly enforceReplacement?: boolean;
};

/** A node between client and node that lies, loses and lags as told: by itself it only passes on. */
export async function startRpcProxy({ upstreamUrl, enforceReplacement = false }: RpcProxyOptions): Promise<RpcProxy> {
  const rules: FaultRule[] = enforceReplacement ? [replacementFault(new ReplacementRule())] : [];
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const stopped = new AbortController();
  const server = createServer((request, response) => {
    serve({ upstreamUrl, rules, asked, stopped: stopped.signal }, request, response).catch(() => response.destroy());
  });
  server.on('upgrade', (request, socket, head) => {
    // node:http hands out the net.Socket that it listens with.
    passThrough(upstreamUrl, request, socket as Socket, head, sockets);
  });
  const port = await listen(server);
  const cutSockets = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${port}`,
    asked,
    misbehave(rule) {
      rules.push(rule);
      return () => {
        const at = rules.indexOf(rule);
        if (at >= 0) rules.splice(at, 1);
      };
    },
    cutSockets,
    async stop() {
      stopped.abort();
      cutSockets();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Only calls of these methods, and only the first `times` of them (all of them when absent). */
export function faultFor(methods: readonly string[], fault: RpcFault, times = Number.POSITIVE_INFINITY): FaultRule {
  let left = times;
  return ({ method }) => (methods.includes(method) && left-- > 0 ? fault : null);
}

/** Where the methods that read state name their block. */
const blockParameter: Readonly<Record<string, number>> = {
  eth_call: 1,
  eth_getTransactionCount: 1,
  eth_getBalance: 1,
  eth_getCode: 1,
  eth_getStorageAt: 2,
  eth_getBlockByNumber: 0,
};

/** A node that is so many blocks behind: its head, its state and its receipts are those of back then. */
export function lagBehind(blocks: number): FaultRule {
  return async ({ method, params }, ask) => {
    const head = Number((await ask('eth_blockNumber', [])).result) - blocks;
    const hex = `0x${Math.max(0, head).toString(16)}`;
    if (method === 'eth_blockNumber') return { kind: 'answer', answer: { result: hex } };
    const at = blockParameter[method];
    if (at !== undefined && isHead(params[at])) {
      const then = [...params];
      then[at] = hex;
      return { kind: 'answer', answer: await ask(method, then) };
    }
    if (method !== 'eth_getTransactionReceipt') return null;
    return { kind: 'rewrite', rewrite: (answer) => (blockOf(answer.result) > head ? { result: null } : answer) };
  };
}

function isHead(tag: unknown): boolean {
  return tag === undefined || tag === 'latest' || tag === 'pending';
}

function blockOf(receipt: unknown): number {
  const known = typeof receipt === 'object' && receipt !== null && 'blockNumber' in receipt;
  return known ? Number(receipt.blockNumber) : Number.NEGATIVE_INFINITY;
}

type Serving = {
  readonly upstreamUrl: string;
  readonly rules: readonly FaultRule[];
  readonly asked: string[];
  readonly stopped: AbortSignal;
};

async function serve(serving: Serving, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  const parsed = JSON.parse(body) as RpcCall | RpcCall[];
  const calls = Array.isArray(parsed) ? parsed : [parsed];
  const answers = await Promise.all(calls.map((call) => answerCall(serving, call)));
  if (answers.includes('cut')) return void response.destroy();
  if (answers.includes('unavailable')) return void response.writeHead(503).end('service unavailable');
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(Array.isArray(parsed) ? answers : answers[0]));
}

async function answerCall(serving: Serving, call: RpcCall): Promise<object | 'cut' | 'unavailable'> {
  serving.asked.push(call.method);
  const fault = await firstFault(serving, call);
  const reply = (answer: RpcAnswer) => ({ jsonrpc: '2.0', id: call.id, ...answer });
  switch (fault?.kind) {
    case 'unavailable':
      return 'unavailable';
    case 'answer':
      return reply(fault.answer);
    case 'hang':
      // Nothing but the end of the proxy ends it.
      await new Promise<void>((resolve) => serving.stopped.addEventListener('abort', () => resolve(), { once: true }));
      return 'cut';
    case 'swallow':
      await ask(serving, call);
      return 'cut';
    case 'delay':
      await pause(fault.delayMs, undefined, { signal: serving.stopped });
      return reply(await ask(serving, call));
    case 'rewrite':
      return reply(fault.rewrite(await ask(serving, call)));
    default:
      return reply(await ask(serving, call));
  }
}

async function firstFault(serving: Serving, call: RpcCall): Promise<RpcFault | null> {
  for (const rule of serving.rules) {
    const fault = await rule(call, (method, params) => ask(serving, { method, params }));
    if (fault !== null) return fault;
  }
  return null;
}

async function ask({ upstreamUrl, stopped }: Serving, call: Omit<RpcCall, 'id'>): Promise<RpcAnswer> {
  const response = await fetch(upstreamUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: call.method, params: call.params ?? [] }),
    signal: stopped,
  });
  const { result, error } = (await response.json()) as RpcAnswer;
  return error === undefined ? { result } : { error };
}

function replacementFault(rule: ReplacementRule): FaultRule {
  return async ({ method, params }) => {
    const [raw] = params ?? [];
    if (method !== 'eth_sendRawTransaction' || typeof raw !== 'string') return null;
    const message = await rule.refusal(raw);
    return message === null ? null : { kind: 'answer', answer: { error: { code: -32000, message } } };
  };
}

function passThrough(
  upstreamUrl: string,
  request: IncomingMessage,
  client: Socket,
  head: Buffer,
  sockets: Set<Socket>,
): void {
  const { hostname, port } = new URL(upstreamUrl);
  const node = connect(Number(port), hostname, () => {
    const headers = request.rawHeaders.reduce(
      (lines, part, index) => lines + part + (index % 2 === 0 ? ': ' : '\r\n'),
      '',
    );
    node.write(`GET ${request.url ?? '/'} HTTP/1.1\r\n${headers}\r\n`);
    node.write(head);
    node.pipe(client);
    client.pipe(node);
  });
  for (const socket of [client, node]) {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      client.destroy();
      node.destroy();
    });
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('The system offered no TCP port.'));
      else resolve(address.port);
    });
  });
}
