import { readFile, writeFile } from 'node:fs/promises';
import { asyncApiDocument, eventsMarkdown } from '../packages/contracts/src/describe-events.ts';

/** Writes docs/events.md and docs/asyncapi.json from the contracts; with --check says whether they are true, exit 1 if not. */
const root = new URL('..', import.meta.url);
const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
const documents: [string, string][] = [
  ['docs/events.md', eventsMarkdown()],
  ['docs/asyncapi.json', `${JSON.stringify(asyncApiDocument(version), null, 2)}\n`],
];

for (const [path, text] of documents) {
  const file = new URL(path, root);
  if (!process.argv.includes('--check')) {
    await writeFile(file, text);
  } else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
    console.error(`${path} is not what the contracts say; run pnpm docs`);
    process.exitCode = 1;
  }
}
