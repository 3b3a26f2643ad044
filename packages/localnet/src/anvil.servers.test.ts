import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { type Anvil, startAnvil } from './anvil.ts';
import { isRunning } from './is-running.ts';
import { localClient } from './local-client.ts';

let anvil: Anvil | undefined;

afterEach(async () => {
  await anvil?.stop();
  anvil = undefined;
});

describe('startAnvil', () => {
  it('answers over HTTP and WebSocket with the local chain id, and its clock starts where told', async () => {
    anvil = await startAnvil({ timestamp: 1_767_571_200 });
    const block = await localClient(anvil.rpcUrl).getBlock();
    expect(block.timestamp).toBe(1_767_571_200n);
    expect(await chainIdOverWebSocket(anvil.wsUrl)).toBe('0x7a69');
  });

  it('mines only when asked with noMining', async () => {
    anvil = await startAnvil({ noMining: true });
    const client = localClient(anvil.rpcUrl);
    expect(await client.getAutomine()).toBe(false);
    await client.mine({ blocks: 2 });
    expect(await client.getBlockNumber()).toBe(2n);
  });

  it('mines by the clock with blockTimeS', async () => {
    anvil = await startAnvil({ blockTimeS: 1 });
    const client = localClient(anvil.rpcUrl);
    const block = await new Promise<bigint>((resolve) => {
      const unwatch = client.watchBlockNumber({
        onBlockNumber: (number) => {
          if (number < 1n) return;
          unwatch();
          resolve(number);
        },
      });
    });
    expect(block).toBe(1n);
  });

  it('stops with its process gone, and removes the folder it made itself', async () => {
    const own = await startAnvil();
    expect(isRunning(own.pid)).toBe(true);
    await own.stop();
    expect(isRunning(own.pid)).toBe(false);
    expect(existsSync(own.dir)).toBe(false);
  });

  it('ends on kill -9 with no process behind it, and starts again on the same port', async () => {
    anvil = await startAnvil();
    const { pid, rpcUrl } = anvil;
    anvil.kill('SIGKILL');
    await anvil.exited();
    expect(isRunning(pid)).toBe(false);
    await anvil.restart();
    expect(anvil.rpcUrl).toBe(rpcUrl);
    expect(await localClient(rpcUrl).getChainId()).toBe(31_337);
  });
});

function chainIdOverWebSocket(wsUrl: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(wsUrl);
    socket.onerror = () => reject(new Error(`${wsUrl} refused the connection.`));
    socket.onopen = () => socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId' }));
    socket.onmessage = (event) => {
      resolve(JSON.parse(String(event.data)).result);
      socket.close();
    };
  });
}
