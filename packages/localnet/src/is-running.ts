import { readFileSync } from 'node:fs';

/** Whether a process with this id is alive. One that has ended and waits to be collected by its parent is not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    // The state letter follows the program's name, which is in brackets and may itself hold any character.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return process.platform !== 'linux';
  }
}
