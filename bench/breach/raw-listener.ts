import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { readTask, sayReady } from '../child.ts';

/** The least that can be done: the log of a subscription, and one publish for it. */
const { natsUrl, wsUrl, pool } = readTask<{ natsUrl: string; wsUrl: string; pool: string }>();
const nc = await connect({ servers: natsUrl, noAsyncTraces: true });
const js = jetstream(nc);
const socket = new WebSocket(wsUrl);
socket.addEventListener('open', () => {
  const params = ['logs', { address: pool }];
  socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params }));
});
socket.addEventListener('message', ({ data }) => {
  const message = JSON.parse(String(data)) as { id?: number; params?: { result: { data: string } } };
  if (message.id === 1) return sayReady();
  const words = message.params?.result.data ?? '';
  // The last word of a Swap's data is the tick.
  const tick = Number(BigInt.asIntN(24, BigInt(`0x${words.slice(-64)}`)));
  void js.publish('raw.breach', JSON.stringify({ tick, padding: ' '.repeat(350) }));
});
