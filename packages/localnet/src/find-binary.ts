import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A program that was found and asked for its version. */
export interface Binary {
  readonly command: string;
  /** "2.9.10" */
  readonly version: string;
}

/**
 * Finds a server's program: the given path alone, or PATH and then the folders where distributions put daemons.
 * Throws one sentence that says how to install it.
 */
export async function findBinary(name: string, given: string | undefined, howToInstall: string): Promise<Binary> {
  // Debian keeps nats-server in /usr/sbin, which is not on an ordinary user's PATH.
  const folders = ['/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/opt/homebrew/bin'];
  const candidates = given === undefined ? [name, ...folders.map((folder) => `${folder}/${name}`)] : [given];
  for (const command of candidates) {
    const version = await versionOf(command);
    if (version !== undefined) return { command, version };
  }
  const where = given === undefined ? 'is neither on PATH nor in the usual folders' : `does not run as ${given}`;
  throw new Error(`${name} ${where}: ${howToInstall}`);
}

async function versionOf(command: string): Promise<string | undefined> {
  try {
    if (command.includes('/')) await access(command, constants.X_OK);
    const { stdout } = await run(command, ['--version'], { timeout: 5_000 });
    return /\d+\.\d+\.\d+/.exec(stdout)?.[0];
  } catch {
    return undefined;
  }
}

/** True when `version` is `major.minor` or newer. */
export function isAtLeast(version: string, major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
