import type { Command } from 'commander';
import type { Screen } from '../story/print-story.ts';
import { examples, number, withPlace } from './place.ts';

const commands = {
  approve: () => import('../commands/approve.ts'),
  audit: () => import('../commands/audit.ts'),
  invariants: () => import('../commands/invariants.ts'),
  control: () => import('../commands/control.ts'),
} as const;

/** What a person says to live trading, and what was ever said to it. */
export function addControls(program: Command, screen: Screen, setExitCode: (code: number) => void): void {
  withPlace(program.command('pause').description('begin no new plan; one in hand comes to its end'))
    .option('--reason <text>', 'why, for the record', 'no reason given')
    .addHelpText('after', examples('pause', 'pause --reason "before the upgrade"'))
    .action(async (options) => (await commands.control()).stop('pause', options, screen));
  withPlace(program.command('kill').description('sign nothing new from now on, at whatever point a plan stands'))
    .option('--reason <text>', 'why, for the record', 'no reason given')
    .addHelpText('after', examples('kill', 'kill --reason "the pool behaves oddly"'))
    .action(async (options) => (await commands.control()).stop('kill', options, screen));
  withPlace(program.command('resume').description('let live trading go on; nothing else can'))
    .option('--yes', 'do it', false)
    .option('--reason <text>', 'why, for the record', 'no reason given')
    .addHelpText('after', examples('resume --yes', 'resume --yes --reason "it was the node"'))
    .action(async (options) => (await commands.control()).resume(options, screen));
  withPlace(
    program
      .command('approve')
      .description('let a proposed plan be carried out; "plan list" shows those that wait')
      .argument('<plan>', 'id of the plan, or its beginning'),
  )
    .option('--yes', 'do it', false)
    .option('--reason <text>', 'why, for the record', 'no reason given')
    .addHelpText('after', examples('approve 3f9a --yes', 'approve 3f9a --yes --reason "the range suits me"'))
    .action(async (id, options) => (await commands.approve()).approve(id, options, screen));
  addAudit(program, screen, setExitCode);
}

function addAudit(program: Command, screen: Screen, setExitCode: (code: number) => void): void {
  const audit = program.command('audit').description('who asked for what, and whether the books are right');
  withPlace(audit.command('list').description('starts, stops, rebalances, refusals, approvals, limits: the newest'))
    .option('--limit <count>', 'how many', number, 20)
    .addHelpText('after', examples('audit list', 'audit list --limit 100 --json'))
    .action(async (options) => (await commands.audit()).listAudit(options, screen));
  withPlace(audit.command('verify').description('whether every entry is as it was written and follows the one before'))
    .addHelpText('after', examples('audit verify', 'audit verify --json'))
    .action(async (options) => setExitCode(await (await commands.audit()).verifyAudit(options, screen)));
  withPlace(
    audit.command('invariants').description('what must never be: held against broker, books and chain as they are'),
  )
    .option('--hours <count>', 'how far back', number, 24)
    .addHelpText('after', examples('audit invariants', 'audit invariants --hours 168 --json'))
    .action(async (options) => setExitCode(await (await commands.invariants()).invariants(options, screen)));
}
