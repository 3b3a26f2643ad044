import { openChain } from '@rangeward/adapter-evm/client';
import { describeChain } from '@rangeward/adapter-evm/settings';
import { brokerProblems, inspectBroker } from '@rangeward/adapter-nats/inspect-broker';
import { pinningProblems } from '@rangeward/adapter-nats/pinning-problems';
import { provisionStreams } from '@rangeward/adapter-nats/provision';
import { inspectState, stateProblems } from '@rangeward/adapter-redis/inspect-state';
import { streams } from '@rangeward/contracts';
import type { Settings } from '../config.ts';
import { filesInForce, type GlobalFlags, loadSettings, withNats, withRedis } from '../operator.ts';
import { exitCodes, printJson } from '../output.ts';
import type { Screen } from '../story/print-story.ts';

/** One thing that was looked at: good, worth knowing, or in the way of a start. */
type Finding = { readonly name: string; readonly verdict: 'ok' | 'note' | 'problem'; readonly detail: string };

const ok = (name: string, detail: string): Finding => ({ name, verdict: 'ok', detail });
const note = (name: string, detail: string): Finding => ({ name, verdict: 'note', detail });
const problem = (name: string, detail: string): Finding => ({ name, verdict: 'problem', detail });

/** Looks at everything a start needs, and says what is in the way and what to do. Returns the exit code. */
export async function doctor(flags: GlobalFlags & { json: boolean }, screen: Screen): Promise<number> {
  const config = loadSettings(flags);
  const findings = [
    checkNode(),
    ok('configuration', filesInForce(flags).join(', ') || 'defaults and environment only'),
    ...(await checkNats(flags)),
    ...(await checkRedis(flags)),
    ...(await checkChains(config)),
    ...(await checkRealMoney(flags, config)),
  ];
  if (flags.json) printJson(screen, findings);
  else
    for (const finding of findings)
      screen.write(`${marks[finding.verdict]} ${finding.name.padEnd(16)} ${finding.detail}\n`);
  return findings.some(({ verdict }) => verdict === 'problem') ? exitCodes.preflight : exitCodes.ok;
}

const marks = { ok: '✓', note: '·', problem: '✗' } as const;

function checkNode(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  return major >= 24
    ? ok('node', process.version)
    : problem('node', `${process.version}; 24 or newer runs the services, ./rangeward brings it`);
}

async function checkNats(flags: GlobalFlags): Promise<Finding[]> {
  return attempt('nats', () =>
    withNats(flags, async (broker, { nats }) => {
      const version = broker.nc.info?.version ?? 'unknown';
      const known = await Promise.all(
        Object.keys(streams).map((name) =>
          broker.jsm.streams.info(name).then(
            () => true,
            () => false,
          ),
        ),
      );
      const missing = Object.keys(streams).filter((_name, index) => !known[index]);
      if (missing.length > 0)
        return [
          ok('nats', `nats-server ${version}`),
          note('streams', `not there yet: ${missing.join(', ')}; the first service makes them`),
        ];
      await provisionStreams(broker.jsm, { replicas: nats.replicas });
      return [ok('nats', `nats-server ${version}`), ok('streams', `${known.length} as declared`)];
    }),
  );
}

async function checkRedis(flags: GlobalFlags): Promise<Finding[]> {
  return attempt('redis', () =>
    withRedis(flags, async (redis, { mode }) => {
      const info = await redis.info();
      const version = /redis_version:(\S+)/.exec(info)?.[1] ?? 'unknown';
      const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1] ?? 'unknown';
      const appendOnly = /aof_enabled:1/.test(info);
      const inTheWay = mode === 'live' ? problem : note;
      return [
        ok('redis', `redis-server ${version}`),
        appendOnly
          ? ok('append-only file', 'on')
          : inTheWay('append-only file', 'off: state is lost with the process; set appendonly yes'),
        policy === 'noeviction'
          ? ok('eviction', policy)
          : inTheWay('eviction', `${policy}: state may be dropped; set maxmemory-policy noeviction`),
      ];
    }),
  );
}

async function checkChains(config: Settings): Promise<Finding[]> {
  const chains = Object.entries(config.chains);
  if (chains.length === 0) return [note('chains', 'none is configured: nothing will be watched')];
  const found = await Promise.all(
    chains.map(([name, settings]) =>
      attempt(`chain ${name}`, async () => {
        const reader = await openChain({ name, settings, timeoutMs: 5_000, retries: 0 });
        const block = await reader.client.getBlockNumber();
        const pools = Object.keys(settings.pools).length;
        return [
          ok(`chain ${name}`, `id ${settings.chainId}, block ${block}, ${pools} pools and all contracts in place`),
        ];
      }),
    ),
  );
  return found.flat();
}

/** What the executor holds against a live start where money is real, word for word; before that it is worth knowing. */
async function checkRealMoney(flags: GlobalFlags, config: Settings): Promise<Finding[]> {
  const real = Object.entries(config.chains).filter(([name, settings]) => !describeChain(name, settings).local);
  if (real.length === 0) return [];
  return attempt('real money', async () => {
    const broker = await withNats(flags, (opened) => inspectBroker(opened, config.nats.monitorUrl));
    const state = await withRedis(flags, inspectState);
    const against = [...brokerProblems(broker), ...stateProblems(state), ...pinningProblems(config.nats.signing)];
    if (against.length === 0) return [ok('real money', 'broker, state and keys are fit for it')];
    return against.map((sentence) => (config.mode === 'live' ? problem : note)('real money', sentence));
  });
}

async function attempt(name: string, look: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    return [problem(name, error instanceof Error ? error.message : String(error))];
  }
}
