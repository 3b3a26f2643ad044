import { describe, expect, it } from 'vitest';
import { files, read } from './workspace.ts';

/** The rules of STYLE.md that no linter knows. */

const sources = files(
  'services/**/*.ts',
  'packages/**/*.ts',
  'apps/**/*.ts',
  'test/**/*.ts',
  'bench/**/*.ts',
  'scripts/**/*.ts',
);
const product = sources.filter(
  (file) => /^(services|packages|apps)\/.*\/src\//.test(file) && !file.endsWith('.test.ts'),
);

/** Folders whose files decide or calculate: values in, values out. */
const pure = product.filter((file) => /^packages\/(contracts|uniswap-v3)\//.test(file));

const offenders = (list: readonly string[], wrong: (text: string, file: string) => boolean) =>
  list.filter((file) => wrong(read(file), file));

describe('style', () => {
  it('files have at most 300 lines', () => {
    expect(offenders(product, (text) => text.split('\n').length > 301)).toEqual([]);
  });

  it('no folder or file is a drawer for things without a place', () => {
    expect(sources.filter((file) => /(^|\/)(utils?|helpers?|lib|common|misc)(\/|\.ts$)/.test(file))).toEqual([]);
  });

  it('classes extend nothing but errors', () => {
    expect(offenders(product, (text) => /class \w+ extends (?!\w*Error\b|Rejection\b)/.test(text))).toEqual([]);
  });

  it('the environment is read in one place of a process', () => {
    const allowed = /(^|\/)config\.ts$|^scripts\//;
    expect(offenders(product, (text, file) => !allowed.test(file) && /process\.env\b/.test(text))).toEqual([]);
  });

  it('pure rooms have no clock, no randomness, no await', () => {
    expect(
      offenders(pure, (text) =>
        /\bDate\.now\(|new Date\(\)|Math\.random\(|\bawait\b|\bfetch\(|performance\.now\(/.test(text),
      ),
    ).toEqual([]);
  });

  it('the only barrel is that of the contracts', () => {
    expect(product.filter((file) => file.endsWith('/index.ts'))).toEqual(['packages/contracts/src/index.ts']);
  });

  it('no test is skipped or alone', () => {
    const tests = sources.filter((file) => file.endsWith('.test.ts') && !file.endsWith('house/style.test.ts'));
    expect(offenders(tests, (text) => /\b(it|test|describe)\.(skip|only|todo)\b/.test(text))).toEqual([]);
  });

  it('nothing is left for later in the code', () => {
    const later = new RegExp(`\\b(${['TO', 'DO|FIX', 'ME'].join('')})\\b|not ${'implemented'}`, 'i');
    expect(offenders(product, (text) => later.test(text))).toEqual([]);
  });
});
