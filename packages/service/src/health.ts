import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

type HealthOptions = {
  /** Address to listen on (default 127.0.0.1). */
  readonly host?: string;
  /** 0 (the default) for a free one. */
  readonly port?: number;
  /** Whether the process can do its work now, and the state of each thing it needs. */
  readonly readiness: () => Readiness | Promise<Readiness>;
  /** True once the process was asked to end: it is not ready any more, whatever else holds. */
  readonly draining?: () => boolean;
};

export type Readiness = { readonly ready: boolean; readonly detail: Readonly<Record<string, unknown>> };

export type Health = { readonly host: string; readonly port: number; readonly url: string; close(): Promise<void> };

/**
 * Serves `/healthz` (200 while the event loop turns, with its greatest delay since the last look) and `/readyz` (200 or
 * 503 with the detail as JSON). Fails when the port is taken.
 */
export async function startHealth(options: HealthOptions): Promise<Health> {
  const host = options.host ?? '127.0.0.1';
  const delays = monitorEventLoopDelay({ resolution: 20 });
  delays.enable();
  const app = new Hono();
  app.get('/healthz', (reply) => {
    const delayMs = Math.round(delays.max / 1e6);
    delays.reset();
    return reply.json({ ok: true, uptimeS: Math.round(process.uptime()), eventLoopDelayMs: delayMs });
  });
  app.get('/readyz', async (reply) => {
    const draining = options.draining?.() ?? false;
    const { ready, detail } = await readinessOf(options);
    return reply.json({ ready: ready && !draining, draining, detail }, ready && !draining ? 200 : 503);
  });
  const { server, port } = await listen(app, host, options.port ?? 0);
  const close = () =>
    new Promise<void>((resolve) => {
      delays.disable();
      server.close(() => resolve());
      // A probe's idle keep-alive connection must not hold the process.
      if ('closeAllConnections' in server) server.closeAllConnections();
    });
  return { host, port, url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, close };
}

async function readinessOf({ readiness }: HealthOptions): Promise<Readiness> {
  try {
    return await readiness();
  } catch (error) {
    return { ready: false, detail: { error: error instanceof Error ? error.name : 'unknown' } };
  }
}

function listen(app: Hono, host: string, port: number) {
  return new Promise<{ server: ReturnType<typeof serve>; port: number }>((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: host, port }, (address: AddressInfo) =>
      resolve({ server, port: address.port }),
    );
    server.once('error', reject);
  });
}
