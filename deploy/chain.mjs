// Runs anvil on the prepared chain the first time and on its own blocks after that. A chain that began anew under
// services that remember the old one would only confuse them.
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, renameSync } from 'node:fs';

const state = '/data/chain.json';
if (!existsSync(state)) {
  copyFileSync('/opt/chain/chain.json', `${state}.new`);
  renameSync(`${state}.new`, state);
}
// The chain's clock goes on from its last block; anvil by itself would jump to the present.
const timestampS = Number(JSON.parse(readFileSync(state, 'utf8')).block.timestamp);
const clock = ['--timestamp', String(timestampS + 1)];
const place = ['--host', '0.0.0.0', '--chain-id', '31337', '--state', state, '--cache-path', '/tmp', '--silent'];
const memory = ['--prune-history', '256'];
const anvil = spawn('anvil', [...place, ...clock, ...memory], { stdio: 'inherit' });
// anvil writes its state when it is interrupted.
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => anvil.kill('SIGINT'));
anvil.on('exit', (code) => process.exit(code ?? 1));
