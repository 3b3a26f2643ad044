import { hostname, userInfo } from 'node:os';

/** Who sits at this machine, for the record: `ann@desk`. */
export function person(): string {
  return `${userInfo().username}@${hostname()}`;
}
