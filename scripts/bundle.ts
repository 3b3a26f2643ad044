import { existsSync } from 'node:fs';
import { cp, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { serviceNames } from '../packages/contracts/src/index.ts';

/**
 * Bundles each program into `dist/<name>`, which runs with Node alone: one file, and chunks beside it for what is loaded
 * only when asked for (the OpenTelemetry SDK, the model's). What cannot be bundled (a native module, fonts) lies in a
 * `node_modules` beside it. `node scripts/bundle.ts [name...]`; all without a name.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const entries: Record<string, string> = {
  ...Object.fromEntries(serviceNames.map((name) => [name, `services/${name}/src/main.ts`])),
  cli: 'apps/cli/src/main.ts',
  provision: 'apps/provision/src/main.ts',
  market: 'apps/demo/src/main.ts',
};

const NATIVE = '@resvg/resvg-js';
const FONTS = 'dejavu-fonts-ttf';

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => entries[name] === undefined);
if (unknown.length > 0) {
  console.error(`no such program: ${unknown.join(', ')}; there are ${Object.keys(entries).join(', ')}`);
  process.exit(2);
}

for (const name of asked.length > 0 ? asked : Object.keys(entries)) {
  const entry = entries[name] ?? '';
  if (asked.length === 0 && !existsSync(`${root}${entry}`)) throw new Error(`${entry} is not there`);
  const start = performance.now();
  const size = await bundle(name, entry);
  console.log(
    `dist/${name}/main.mjs ${size.main} KiB, chunks ${size.chunks} KiB, ${Math.round(performance.now() - start)} ms`,
  );
}

async function bundle(name: string, entry: string): Promise<{ main: number; chunks: number }> {
  const outdir = `${root}dist/${name}`;
  await rm(outdir, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { main: entry },
    outdir,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunk-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // Names stay, so that a stack trace says where without its source map.
    minifyWhitespace: true,
    minifySyntax: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'external',
    metafile: true,
    external: [NATIVE],
    logLevel: 'warning',
    // Old packages inside call require() for Node's own modules.
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
  });
  const outputs = Object.values(metafile.outputs);
  if (outputs.some(({ imports }) => imports.some(({ path }) => path === NATIVE))) await copyUnbundled(outdir);
  const kib = (bytes: number) => Math.round(bytes / 1024);
  const scripts = Object.entries(metafile.outputs).filter(([file]) => file.endsWith('.mjs'));
  const all = scripts.reduce((sum, [, output]) => sum + output.bytes, 0);
  const main = (await stat(`${outdir}/main.mjs`)).size;
  return { main: kib(main), chunks: kib(all - main) };
}

/**
 * The rasteriser with its binary for the machine that bundles, and the fonts it draws with: the image is made by the same
 * kind of machine that runs it.
 */
async function copyUnbundled(outdir: string): Promise<void> {
  const adapter = createRequire(`${root}packages/adapters/llm/package.json`);
  const folderOf = (from: NodeJS.Require, name: string) => dirname(from.resolve(`${name}/package.json`));
  const native = folderOf(adapter, NATIVE);
  const fonts = folderOf(adapter, FONTS);
  await cp(native, `${outdir}/node_modules/${NATIVE}`, { recursive: true, dereference: true });
  for (const file of ['package.json', 'LICENSE', 'ttf/DejaVuSans.ttf', 'ttf/DejaVuSans-Bold.ttf']) {
    await cp(`${fonts}/${file}`, `${outdir}/node_modules/${FONTS}/${file}`);
  }
  const beside = createRequire(`${native}/package.json`);
  const { optionalDependencies } = beside(`${native}/package.json`) as { optionalDependencies: Record<string, string> };
  for (const name of Object.keys(optionalDependencies)) {
    const binary = resolvable(beside, name);
    if (binary !== null) await cp(binary, `${outdir}/node_modules/${name}`, { recursive: true, dereference: true });
  }
}

/** The folder of a package; null when it is not for this machine and was not installed. */
function resolvable(from: NodeJS.Require, name: string): string | null {
  try {
    return dirname(from.resolve(`${name}/package.json`));
  } catch {
    return null;
  }
}
