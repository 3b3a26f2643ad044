import { createServer } from 'node:http';

type Call = { readonly id: number; readonly method: string };

/** A node that answers as the one behind it, but has never heard of eth_simulateV1. */
export async function withoutSimulation(rpcUrl: string): Promise<{ readonly url: string; close(): void }> {
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    // What viem sends is one call or a batch of them.
    const body = JSON.parse(Buffer.concat(parts).toString()) as Call | readonly Call[];
    const answer = 'method' in body ? await answerOne(body) : await Promise.all(body.map(answerOne));
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
  async function answerOne(call: Call): Promise<unknown> {
    if (call.method === 'eth_simulateV1') {
      const message = 'the method eth_simulateV1 does not exist/is not available';
      return { jsonrpc: '2.0', id: call.id, error: { code: -32601, message } };
    }
    const headers = { 'content-type': 'application/json' };
    const forwarded = await fetch(rpcUrl, { method: 'POST', headers, body: JSON.stringify(call) });
    return forwarded.json();
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return { url: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}
