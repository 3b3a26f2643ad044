import { execFileSync } from 'node:child_process';

let prefix: readonly string[] | undefined;

/**
 * What to put before a command so that the kernel ends it when this process is gone: an 'exit' handler does not run when
 * a process is killed by a signal. On Linux setpriv sets that wish and becomes the command itself (same process id).
 * Elsewhere it is empty, and an 'exit' handler alone has to do.
 */
export function dieWithParent(): readonly string[] {
  if (prefix === undefined) {
    const wish = ['setpriv', '--pdeathsig', 'KILL'];
    try {
      execFileSync('setpriv', ['--pdeathsig', 'KILL', 'true'], { stdio: 'ignore' });
      prefix = wish;
    } catch {
      prefix = [];
    }
  }
  return prefix;
}
