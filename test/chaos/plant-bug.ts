import { registerHooks } from 'node:module';
import { type PlantedBug, plantedBugs } from './planted-bugs.ts';

/** The source with the bug in it. Throws when the bug does not fit any more: then it proves nothing. */
export function withBug(source: string, bug: PlantedBug, file: string): string {
  const edits = bug.edits.filter((edit) => edit.file === file);
  return edits.reduce((text, { find, replace }) => {
    const times = text.split(find).length - 1;
    if (times !== 1) throw new Error(`the planted bug "${bug.name}" fits ${file} ${times} times: bring it up to date`);
    return text.replace(find, () => replace);
  }, source);
}

/** From now on every module is loaded with the bug in it. */
export function plantBug(name: string): void {
  const bug = plantedBugs.find((one) => one.name === name);
  if (bug === undefined) throw new Error(`there is no planted bug "${name}"`);
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      const file = bug.edits.find((edit) => url.endsWith(`/${edit.file}`))?.file;
      return file === undefined ? loaded : { ...loaded, source: withBug(String(loaded.source), bug, file) };
    },
  });
}
