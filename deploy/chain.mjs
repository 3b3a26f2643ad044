// Runs anvil on the prepared chain the first time and on its own blocks after that. A chain that began anew under
// services that remember the old one would only confuse them.
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, renameSync } from 'node:fs';

const state = '/data/chain.json';
const fresh = !existsSync(state);
if (fresh) {
  copyFileSync('/opt/chain/chain.json', `${state}.new`);
  renameSync(`${state}.new`, state);
}
const { timestampS, chainId } = JSON.parse(readFileSync('/opt/chain/facts.json', 'utf8'));
const args = ['--host', '0.0.0.0', '--chain-id', String(chainId), '--state', state, '--cache-path', '/tmp', '--silent'];
const anvil = spawn('anvil', [...args, ...(fresh ? ['--timestamp', String(timestampS + 1)] : [])], {
  stdio: 'inherit',
});
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => anvil.kill('SIGINT'));
anvil.on('exit', (code) => process.exit(code ?? 1));
