import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

type Call = { readonly id: unknown; readonly method: string; readonly params: readonly unknown[] };
type Answer = { readonly result?: unknown; readonly error?: { readonly code: number; readonly message: string } };

/** What becomes of a call: an answer of one's own, or what the node's answer is made into. */
export type Meddle = (call: Call, ask: () => Promise<Answer>) => Promise<Answer>;

/** A JSON-RPC server in front of another that may answer otherwise. */
export async function startRpcProxy(rpcUrl: string, meddle: Meddle) {
  const forward = async (call: Call): Promise<Answer> => {
    const body = JSON.stringify({ jsonrpc: '2.0', ...call });
    const answer = await fetch(rpcUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    // A node answers with one of the two.
    return (await answer.json()) as Answer;
  };
  const answerOne = async (call: Call) => {
    const { result, error } = await meddle(call, () => forward(call));
    return { jsonrpc: '2.0', id: call.id, ...(error === undefined ? { result } : { error }) };
  };
  const server = createServer(async (request, response) => {
    const asked: Call | Call[] = JSON.parse(await textOf(request));
    const answer = Array.isArray(asked) ? await Promise.all(asked.map(answerOne)) : await answerOne(asked);
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // It listens on TCP.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v2/a-secret-key-of-somebody`,
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  return Buffer.concat(await Array.fromAsync(request)).toString();
}
