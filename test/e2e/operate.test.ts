import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jetstream } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { modelSource } from '@rangeward/cli/local/market-source';
import { type RunResult, runCompleted, runStarted, streams } from '@rangeward/contracts';
import { localClient } from '@rangeward/localnet/local-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalSystem, openLocalSystem } from './local-system.ts';

const main = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url));

describe('the operator’s command', () => {
  let system: LocalSystem;
  let plain: NatsConnection;
  let folder: string;

  beforeAll(async () => {
    system = await openLocalSystem({ market: modelSource(3) });
    plain = await connect({ servers: system.world.nats.url });
    folder = await mkdtemp(join(tmpdir(), 'rangeward-operate-'));
  }, 120_000);

  afterAll(async () => {
    await plain?.close();
    await system?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  /** Runs the command as a person would, against the system that runs. */
  function rangeward(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
    return run([...args, '--config', system.world.configFile]);
  }

  function run(args: string[]): Promise<{ code: number | null; out: string; err: string }> {
    const child = spawn(process.execPath, [main, ...args], { env: { PATH: process.env.PATH, HOME: folder } });
    const text = { out: '', err: '' };
    child.stdout.on('data', (chunk) => {
      text.out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      text.err += chunk;
    });
    return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...text })));
  }

  const json = async (...args: string[]) => JSON.parse((await rangeward(...args, '--json')).out);

  it('finds nothing in the way of a start', async () => {
    const { code, out } = await rangeward('doctor');
    expect(out).not.toContain('✗');
    expect(out).toMatch(new RegExp(`✓ streams +${Object.keys(streams).length} as declared`));
    expect(out).toMatch(/✓ chain local +id 31337/);
    expect(code).toBe(0);
    const checks = await json('doctor');
    expect(checks).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'chain local', verdict: 'ok' })]));
  });

  it('asks for a run, follows it, and shows every number behind it', async () => {
    const asked = await rangeward('trigger', '--reason', 'to see it', '--mode', 'paper');
    expect(asked.err).toBe('');
    expect(asked.code).toBe(0);
    expect(asked.out).toMatch(/decision +(HOLD|COLLECT|REBALANCE)/);
    const [newest] = (await json('runs', 'list')) as RunResult[];
    expect(newest).toMatchObject({ trigger: 'manual', status: 'completed', mode: 'paper', chain: 'local' });
    const id = newest?.runId.slice(0, 20) ?? '';
    const shown = await rangeward('runs', 'show', id);
    expect(shown.out).toContain(newest?.runId);
    const record = await json('runs', 'show', id);
    expect(record).toMatchObject({ result: { runId: newest?.runId, status: 'completed' } });
    expect(Object.keys(record.facts)).toEqual(expect.arrayContaining(['started', 'market', 'decision']));
    const explained = await rangeward('explain', id);
    expect(explained.out).toMatch(/USDC per WETH, tick/);
    expect(explained.out).toMatch(/gate +measured +asked/);
    const { decision } = await json('explain', id);
    expect(decision.gates.length).toBeGreaterThan(3);
    for (const gate of decision.gates) expect(explained.out).toContain(gate.name);
    expect((await rangeward('runs', 'list')).out).toContain('local/main');
  });

  it('says where each position stands', async () => {
    const { out, code } = await rangeward('status');
    expect(code).toBe(0);
    expect(out).toContain('local/main');
    const status = await json('status');
    expect(status.positions).toMatchObject([{ name: 'local/main', tokenId: system.world.position.tokenId.toString() }]);
    expect(status.consumers.every(({ waiting }: { waiting: string }) => waiting !== 'not there')).toBe(true);
  });

  it('says which plans are in hand, and gives none up that is not', async () => {
    expect((await rangeward('plan', 'list')).out).toContain('No wallet has a plan in hand');
    expect(await json('plan', 'list')).toEqual({ open: [], proposals: [] });
    const unknown = await rangeward('plan', 'abandon', 'ffff', '--yes');
    expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('no wallet has plan ffff in hand') });
  });

  it('stops live trading, says so, lets it go on only when told to, and writes all of it down', async () => {
    expect((await rangeward('kill', '--reason', 'to see it')).out).toContain('Live trading is killed: to see it');
    expect((await rangeward('status')).out).toMatch(/trading +Live trading is killed since .* to see it/);
    expect(await rangeward('resume')).toMatchObject({ code: 2, err: expect.stringContaining('Say --yes') });
    expect((await rangeward('resume', '--yes', '--reason', 'seen')).code).toBe(0);
    expect((await json('status')).trading).toContain('running');
    const entries = await json('audit', 'list', '--limit', '200');
    const asked = entries.filter(({ source }: { source: string }) => source === 'operator');
    expect(asked.map(({ action, reason }: { action: string; reason: string }) => `${action}: ${reason}`)).toEqual([
      'kill: to see it',
      'resume: seen',
    ]);
    expect(asked[0].actor).toMatch(/^\S+@\S+, rangeward kill$/);
    const actions = new Set(entries.map(({ action }: { action: string }) => action));
    expect([...actions]).toEqual(expect.arrayContaining(['start', 'limits-changed', 'kill', 'resume']));
    expect((await rangeward('audit', 'verify')).out).toMatch(/chain +whole/);
    expect((await rangeward('audit', 'invariants')).out).toMatch(/✓ I8/);
    expect(await rangeward('approve', 'ffff', '--yes')).toMatchObject({ code: 1 });
  });

  it('shows profit and loss of the position from the chain, for people, programs and tables', async () => {
    await localClient(system.world.chain.rpcUrl).mine({ blocks: 1, interval: 12 });
    const { out, err, code } = await rangeward('pnl', '--type', 'vs-hodl', '--detailed');
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toMatch(/put in +\$[\d,.]+: [\d,.]+ USDC and [\d.]+ WETH/);
    expect(out).toMatch(/= change +[+-]\$/);
    expect(out).toMatch(/fee APR +APR .* in 0\.\d+ days: under 7 days, this says little of a year/);
    expect(out).toMatch(/increase +\d+ +\d+ +\d+ +0x[0-9a-f]{64}/);
    const report = await json('pnl', '--position', 'main');
    expect(report.tokenIds).toEqual([system.world.position.tokenId.toString()]);
    expect(report.tokens.deposited).toEqual({
      amount0: system.world.position.amount0.toString(),
      amount1: system.world.position.amount1.toString(),
    });
    const { change, vsHodl, lvr, ...parts } = report.inStable.parts;
    expect(Object.values<string>(parts).reduce((sum, part) => sum + BigInt(part), 0n)).toBe(BigInt(change));
    expect(report.notes).toHaveLength(1);
    const rows = (await rangeward('pnl', '--csv', '--period', 'month', '--periods', '2')).out.trim().split('\n');
    expect(rows[0]).toMatch(/^from,to,fromBlock,toBlock,unit,feesCollected,/);
    expect(rows[1]?.split(',')).toHaveLength(rows[0]?.split(',').length ?? 0);
    const unknown = await rangeward('pnl', '--position', 'other');
    expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('configured: local/main') });
  });

  it('shows a malformed trigger as a dead letter, replays it repaired, once, and drops it', async () => {
    expect((await rangeward('dlq', 'list')).out).toContain('No dead letters');
    const subject = `lp.v1.trigger.manual.local.${system.world.chain.pool.toLowerCase()}`;
    await jetstream(plain).publish(subject, JSON.stringify({ mode: 'paper', amuont: 3 }));
    await system.until('the error notification', ({ name }) => name === 'error-notification');
    const [letter] = await json('dlq', 'list');
    expect(letter).toMatchObject({ code: 'bad-trigger', field: 'amuont', subject, consumer: 'scheduler-requests' });
    const number = String(letter.sequence);
    const shown = await rangeward('dlq', 'show', number);
    expect(shown.out).toContain('{"mode":"paper","amuont":3}');
    expect(await json('dlq', 'show', number)).toMatchObject({
      sequence: letter.sequence,
      code: 'bad-trigger',
      body: '{"mode":"paper","amuont":3}',
      headers: expect.objectContaining({ 'Rangeward-Dlq-Field': 'amuont' }),
    });
    const repaired = join(folder, 'repaired.json');
    await writeFile(repaired, JSON.stringify({ mode: 'paper', reason: 'repaired' }));
    const before = system.said(runCompleted).length;
    expect((await rangeward('dlq', 'replay', number, '--body', repaired)).code).toBe(0);
    await system.until(
      'the repaired run',
      (definition, { data }) =>
        definition.name === runStarted.name && (data as { reason: string }).reason === 'repaired',
    );
    await system.untilQuiet();
    expect(system.said(runCompleted)).toHaveLength(before + 1);
    expect((await rangeward('dlq', 'replay', number, '--body', repaired)).out).toContain('nothing was added');
    expect((await rangeward('dlq', 'drop', number)).code).toBe(0);
    expect((await rangeward('dlq', 'show', number)).code).toBe(1);
    expect((await rangeward('dlq', 'list')).out).toContain('No dead letters');
  });

  it('shows the configuration with its origins and without its secrets', async () => {
    const { out } = await rangeward('config', 'show');
    expect(out).toMatch(/mode +live +\S+rangeward\.yaml:\d+:\d+/);
    expect(out).toMatch(/decision\.limits\.rebalancesPerDay +5 +default/);
    expect(out).not.toContain(system.world.chain.accounts.operator.privateKey.slice(2));
    expect(JSON.parse((await run(['config', 'schema'])).out)).toHaveProperty('properties.chains');
    const values = JSON.stringify(await json('config', 'show'));
    expect(values).toContain('decision.limits.rebalancesPerDay');
    expect(values).not.toContain(system.world.chain.accounts.operator.privateKey.slice(2));
  });

  it('says where a configuration is wrong, by file, line and column', async () => {
    const file = join(folder, 'wrong.yaml');
    await writeFile(
      file,
      'mode: paper\nscheduler:\n  schedules:\n    - { name: x, cron: "61 * * * *" }\n  runTimeuotS: 5\n',
    );
    const { code, err } = await run(['config', 'check', '--config', file]);
    expect(code).toBe(3);
    expect(err).toMatch(/wrong\.yaml:4:\d+ +scheduler\.schedules\[0\]\.cron/);
    expect(err).toMatch(/wrong\.yaml:5:\d+ +scheduler\.runTimeuotS/);
    expect(err).toContain('runTimeoutS');
  });

  it('uses its exit codes: 2 for what it does not understand, 1 for what it cannot do', async () => {
    expect((await run(['strat'])).code).toBe(2);
    expect((await rangeward('trigger', '--mode', 'yolo')).code).toBe(2);
    expect((await rangeward('trigger', '--pool', 'other')).code).toBe(2);
    const unknown = await rangeward('explain', 'ffffffff');
    expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('there is no run ffffffff') });
    const nowhere = await run(['status', '--nats', 'nats://127.0.0.1:1', '--redis', 'redis://127.0.0.1:1']);
    expect(nowhere.code).toBe(1);
    expect(nowhere.err).toMatch(/127\.0\.0\.1:1/);
  });

  it.each(
    'start,status,trigger,runs list,runs show,explain,model record,model score,pnl,plan list,plan abandon,approve,pause,kill,resume,audit list,audit verify,audit invariants,dlq list,dlq show,dlq replay,dlq drop,config show,config check,config schema,keys create,doctor'.split(
      ',',
    ),
  )('helps with %s by two examples', async (command) => {
    const { code, out } = await run([...command.split(' '), '--help']);
    expect(code).toBe(0);
    expect(out.match(new RegExp(`^  rangeward ${command}`, 'gm'))).toHaveLength(2);
  });
});
