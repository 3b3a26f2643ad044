import { createServer } from 'node:http';
import { readTask, sayReady } from '../child.ts';

/** Takes whatever is exported and forgets it: a collector that costs as little as one can. */
const { port } = readTask<{ port: number }>();
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{}');
  });
});
server.listen(port, '127.0.0.1', sayReady);
