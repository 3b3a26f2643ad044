import type { Command } from 'commander';
import type { Screen } from '../story/print-story.ts';
import { examples, withPlace } from './place.ts';

export function addAdopt(program: Command, screen: Screen): void {
  withPlace(
    program
      .command('adopt')
      .description('what the executor found when it last held Redis, broker and chain against one another'),
  )
    .addHelpText('after', examples('adopt', 'adopt --json'))
    .action(async (options) => (await import('../commands/adopt.ts')).adopted(options, screen));
}
