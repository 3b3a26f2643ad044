import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import {
  parseData,
  parseJson,
  runStarted,
  serviceNames,
  type TradeExecuted,
  tradeExecuted,
} from '@rangeward/contracts';
import { freePort } from '@rangeward/localnet/free-port';
import { DockerComposeEnvironment, type StartedDockerComposeEnvironment } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const project = `rangeward-test-${process.pid}`;
const pool = '0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640';
const baseImages = ['node:24-slim', 'nats:2.12-alpine', 'redis:8-alpine'];

const whyNot = reasonToSkip();
const name = 'docker compose --profile demo up --wait';

describe.skipIf(whyNot !== null)(whyNot === null ? name : `${name} (skipped: ${whyNot})`, () => {
  let environment: StartedDockerComposeEnvironment | undefined;
  let nats: NatsConnection | undefined;
  let containers: Container[] = [];

  beforeAll(async () => {
    const natsPort = String(await freePort());
    environment = await new DockerComposeEnvironment(root, 'docker-compose.yml')
      .withProjectName(project)
      .withProfiles('demo')
      // Everything that a person's own .env could say otherwise; slow enough that the test is there before a breach.
      .withEnvironment({
        NATS_PORT: natsPort,
        RANGEWARD_TAG: 'test',
        RANGEWARD_CONFIG: './deploy/config/demo.yaml',
        NATS_PASSWORD_OPERATOR: 'operator-of-the-test',
        DEMO_BLOCKS_PER_SECOND: '4',
      })
      .withBuild()
      .withClientOptions({ commandOptions: ['--wait'] })
      // We take it down ourselves; the reaper would need a further image and the daemon's socket.
      .withAutoCleanup(false)
      .up();
    containers = inspectContainers();
    nats = await connect({ servers: `127.0.0.1:${natsPort}`, user: 'operator', pass: 'operator-of-the-test' });
  }, 900_000);

  afterAll(async () => {
    await nats?.close();
    await environment?.down({ removeVolumes: true, timeout: 20_000 });
  }, 120_000);

  it('brings up broker, state, chain, market and all six services, healthy', () => {
    const healthy = containers.filter(({ State }) => State.Health?.Status === 'healthy').map(serviceOf);
    expect(healthy.sort()).toEqual(['chain', 'market', 'nats', 'redis', ...serviceNames].sort());
  });

  it('gives no container root, a writable root, a capability or a port beyond loopback', () => {
    const hardened = {
      root: false,
      writableRoot: false,
      capabilities: [],
      privileges: ['no-new-privileges:true'],
      limited: true,
      openTo: [],
    };
    expect(containers).toHaveLength(serviceNames.length + 5);
    expect(containers.map((one) => ({ service: serviceOf(one), ...hardeningOf(one) }))).toEqual(
      containers.map((one) => ({ service: serviceOf(one), ...hardened })),
    );
  });

  it('turns a manual trigger from a plain NATS client into a confirmed trade on the chain', async () => {
    if (nats === undefined) throw new Error('there is no connection');
    const trade = await triggerAndFollow(nats);
    expect(trade.run.trigger).toBe('manual');
    // Which of the two it is depends on where the price is by now; both are transactions on the chain.
    expect(trade).toMatchObject({
      mode: 'live',
      kind: expect.stringMatching(/^(rebalance|collect)$/),
      tokenIdBefore: 4n,
    });
    expect({ outcome: trade.outcome, reason: trade.reason }).toEqual({ outcome: 'confirmed', reason: trade.reason });
    expect(trade.transactions.length).toBeGreaterThan(0);
    expect(trade.transactions.every(({ status, hash }) => status === 'success' && hash !== null)).toBe(true);
  }, 180_000);
});

/** What a person does with any NATS client: listens, publishes `{}` without headers, and reads what comes of it. */
async function triggerAndFollow(nats: NatsConnection): Promise<TradeExecuted> {
  const runs = nats.subscribe('lp.v1.run-started.>');
  const trades = nats.subscribe('lp.v1.trade-executed.>');
  nats.publish(`lp.v1.trigger.manual.local.${pool}`, '{}');
  await nats.flush();
  let manualRun = '';
  for await (const message of runs) {
    const { run } = parseData(runStarted, parseJson(message.data));
    if (run.trigger !== 'manual') continue;
    manualRun = run.id;
    break;
  }
  for await (const message of trades) {
    const trade = parseData(tradeExecuted, parseJson(message.data));
    if (trade.run.id === manualRun) return trade;
  }
  throw new Error('the connection ended before the trade came');
}

type Container = {
  readonly Name: string;
  readonly Config: { readonly User: string; readonly Labels: Readonly<Record<string, string>> };
  readonly State: { readonly Health?: { readonly Status: string } };
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: readonly string[] | null;
    readonly CapAdd: readonly string[] | null;
    readonly SecurityOpt: readonly string[] | null;
    readonly Memory: number;
    readonly PidsLimit: number | null;
    readonly PortBindings: Readonly<Record<string, readonly { readonly HostIp: string }[]>> | null;
  };
};

/** All containers of the project, those that have ended too. */
function inspectContainers(): Container[] {
  const filter = `label=com.docker.compose.project=${project}`;
  const ids = docker('ps', '--all', '--quiet', '--filter', filter).split('\n').filter(Boolean);
  return JSON.parse(docker('inspect', ...ids));
}

/** What of a container could do harm beyond it, as Docker itself says it is set. */
function hardeningOf({ Config, HostConfig }: Container) {
  const capabilities = HostConfig.CapDrop?.includes('ALL') ? (HostConfig.CapAdd ?? []) : ['the default ones'];
  const bindings = Object.values(HostConfig.PortBindings ?? {}).flat();
  return {
    root: ['', '0', 'root'].includes(Config.User.split(':')[0] ?? ''),
    writableRoot: !HostConfig.ReadonlyRootfs,
    capabilities,
    privileges: HostConfig.SecurityOpt ?? [],
    limited: HostConfig.Memory > 0 && (HostConfig.PidsLimit ?? 0) > 0,
    openTo: bindings.map(({ HostIp }) => HostIp).filter((address) => address !== '127.0.0.1'),
  };
}

function serviceOf({ Config }: Container): string {
  return Config.Labels['com.docker.compose.service'] ?? '';
}

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}

/** Null where it can run: a daemon answers, compose is there, and the public images are or can be pulled. */
function reasonToSkip(): string | null {
  const works = (timeout: number, ...args: string[]) =>
    spawnSync('docker', args, { stdio: 'ignore', timeout }).status === 0;
  if (!works(10_000, 'version', '--format', '{{.Server.Version}}')) return 'no Docker daemon answers';
  if (!works(10_000, 'compose', 'version')) return 'docker compose is not installed';
  const missing = baseImages.filter(
    (image) => !works(10_000, 'image', 'inspect', image) && !works(120_000, 'pull', '--quiet', image),
  );
  return missing.length === 0 ? null : `${missing.join(', ')} cannot be pulled`;
}
