import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getContractAddress } from 'viem';
import { privateKeyToAddress } from 'viem/accounts';
import { describe, expect, it } from 'vitest';
import { backgroundLp, deployer, operator, traders } from './accounts.ts';
import { compileMockToken } from './compile-mock-token.ts';
import { creations } from './creation-code.ts';

describe('what the local chain is made of', () => {
  it.each(creations())('$name gets its mainnet address from deployer and nonce', ({ deployer, nonce, address }) => {
    expect(getContractAddress({ from: deployer, nonce: BigInt(nonce) })).toBe(address);
  });

  it('leaves no library unlinked', () => {
    for (const { data } of creations()) expect(data).toMatch(/^0x[0-9a-f]+$/i);
  });

  it('has the mock token as its source compiles', () => {
    // After a change of the source: node scripts/compile-mock-token.ts
    expect(readArtifact('mock-token.json')).toEqual(compileMockToken());
  });

  it('has Multicall3 as viem carries it', () => {
    const viem = dirname(createRequire(import.meta.url).resolve('viem/package.json'));
    const source = readFileSync(join(viem, 'constants', 'contracts.ts'), 'utf8');
    expect(readArtifact('multicall3.json')).toMatchObject({
      bytecode: /multicall3Bytecode =\s+'(0x[0-9a-f]+)'/.exec(source)?.[1],
    });
  });

  it('has accounts whose keys belong to their addresses, each with one role', () => {
    const all = [operator, backgroundLp, ...traders, deployer];
    for (const { address, privateKey } of all) expect(privateKeyToAddress(privateKey)).toBe(address);
    expect(new Set(all.map(({ address }) => address)).size).toBe(all.length);
  });
});

function readArtifact(name: string): unknown {
  return JSON.parse(readFileSync(fileURLToPath(new URL(`../artifacts/${name}`, import.meta.url)), 'utf8'));
}
