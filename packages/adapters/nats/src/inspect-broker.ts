import { z } from 'zod';
import type { Broker } from './broker.ts';

/** What makes a broker fit, or unfit, to carry what moves real money. */
export type BrokerTraits = {
  readonly version: string;
  /** Whether it asks who connects. */
  readonly asksWho: boolean;
  /** Whether what it acknowledged is on the disk; a sentence when that cannot be seen. */
  readonly syncAlways: boolean | { readonly unseen: string };
};

/** Servers before this one lost acknowledged messages in ways that were mended since. */
const OLDEST = [2, 12, 7] as const;
const ANSWERS_WITHIN_MS = 3_000;

const varz = z.object({
  server_id: z.string(),
  jetstream: z.object({ config: z.object({ sync_always: z.boolean().optional() }).optional() }).optional(),
});

/**
 * Looks at the server that we are connected to. When it syncs is no part of its protocol: that is read from its monitoring
 * pages, `http://host:8222`, of a cluster one for each server separated by commas. Never throws.
 */
export async function inspectBroker(broker: Broker, monitorUrl: string | undefined): Promise<BrokerTraits> {
  const { info } = broker.nc;
  return {
    version: info?.version ?? 'unknown',
    asksWho: info?.auth_required === true,
    syncAlways: await readSync(monitorUrl, info?.server_id).catch((error: unknown) => ({
      unseen: `${monitorUrl} does not answer (${error instanceof Error ? error.message : 'no reason'})`,
    })),
  };
}

async function readSync(
  monitorUrl: string | undefined,
  serverId: string | undefined,
): Promise<BrokerTraits['syncAlways']> {
  if (monitorUrl === undefined) return { unseen: 'nats.monitorUrl is not set' };
  const pages = await Promise.all(
    monitorUrl.split(',').map(async (url) => {
      const page = await fetch(new URL('/varz', url.trim()), { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
      return varz.parse(await page.json());
    }),
  );
  // The pages of another server would tell nothing of ours.
  if (!pages.some((page) => page.server_id === serverId)) {
    return { unseen: `${monitorUrl} is not the server that we are connected to` };
  }
  return pages.every((page) => page.jetstream?.config?.sync_always === true);
}

/** Why this broker must not carry what moves real money: one sentence each, with what to do; none when it may. */
export function brokerProblems(traits: BrokerTraits): string[] {
  const { version, asksWho, syncAlways } = traits;
  const problems: string[] = [];
  if (!isAtLeast(version, OLDEST)) {
    problems.push(
      `nats-server is ${version}: run ${OLDEST.join('.')} or newer, which does not lose what it acknowledged.`,
    );
  }
  if (syncAlways === false) {
    problems.push(
      'nats-server acknowledges before it has written to the disk: set "sync_interval: always" in its jetstream block.',
    );
  } else if (syncAlways !== true) {
    problems.push(
      `whether nats-server writes to the disk before it acknowledges cannot be seen: ${syncAlways.unseen}; let nats.monitorUrl name its monitoring port, such as http://nats:8222.`,
    );
  }
  if (!asksWho) {
    problems.push(
      'nats-server lets anybody in: give each service a user of its own, as deploy/nats-permissions.conf does.',
    );
  }
  return problems;
}

/** A version that cannot be read counts as too old, a preview of the least one likewise. */
function isAtLeast(version: string, least: readonly [number, number, number]): boolean {
  const [, ...numbers] = /^v?(\d+)\.(\d+)\.(\d+)(?![\w.-])/.exec(version) ?? [];
  if (numbers.length !== 3) return false;
  const differing = least.findIndex((part, index) => Number(numbers[index]) !== part);
  return differing === -1 || Number(numbers[differing]) > (least[differing] ?? 0);
}
