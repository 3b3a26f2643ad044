// Which way the servers come that a machine lacks. Decides only; plain JavaScript for Node 20.

/** The names of a server's program in the places it can come from. */
export const SERVERS = {
  'nats-server': { debian: 'nats-server', brew: 'nats-server', image: 'nats:2.12-alpine' },
  'redis-server': { debian: 'redis-server', brew: 'redis', image: 'redis:8-alpine' },
};

/**
 * Nothing is missing; Debian's packages, which only root may install; Docker; or none, with the sentence that ends the start. `missing`
 * are names of SERVERS that are not on the PATH.
 */
export function chooseWay(missing, machine) {
  if (missing.length === 0) return { kind: 'nothing' };
  if (machine.platform === 'linux' && machine.isRoot && machine.has('apt-get')) return { kind: 'debian' };
  if (machine.has('docker') && machine.dockerAnswers()) return { kind: 'docker' };
  const [are, them] = missing.length === 1 ? ['is', 'it'] : ['are', 'them'];
  const how = howToInstall(missing, machine);
  return {
    kind: 'none',
    sentence: `${missing.join(' and ')} ${are} needed: install ${them} (${how}) or start Docker, then try again`,
  };
}

function howToInstall(missing, machine) {
  const named = (place) => missing.map((name) => SERVERS[name][place]).join(' ');
  if (machine.platform === 'darwin') return `brew install ${named('brew')}`;
  if (machine.has('apt-get')) return `sudo apt-get install ${named('debian')}`;
  return 'from your distribution, or nats.io and redis.io';
}
