import { createServer } from 'node:net';

/** Ports already handed out by this process: the kernel may offer the same one again before its taker has bound it. */
const handedOut = new Set<number>();

/**
 * A TCP port on 127.0.0.1 that was free a moment ago. Another process may still take it before the caller binds it,
 * so a starter should try again with another port when its server says "address already in use".
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await offeredPort();
    if (!handedOut.has(port)) {
      handedOut.add(port);
      return port;
    }
  }
}

function offeredPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('The system offered no TCP port.'));
        else resolve(address.port);
      });
    });
  });
}
