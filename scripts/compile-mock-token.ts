import { writeFileSync } from 'node:fs';
import { compileMockToken } from '../packages/localnet/src/compile-mock-token.ts';

// Run after a change of packages/localnet/contracts/mock-token.sol: node scripts/compile-mock-token.ts
const target = new URL('../packages/localnet/artifacts/mock-token.json', import.meta.url);
writeFileSync(target, `${JSON.stringify(compileMockToken(), null, 2)}\n`);
console.log(`wrote ${target.pathname}`);
