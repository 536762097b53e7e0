import { createServer } from 'node:net';

/** Below the ports that systems give to outgoing connections, so that a port stays free while its server is restarted. */
const lowest = 10_240;
const highest = 32_000;

/** The first of so many free ports in a row, at a random place: several test runs on one machine hardly meet. */
export async function freePortRow(count: number): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const first = lowest + Math.floor(Math.random() * (highest - lowest - count));
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first;
  }
  throw new Error(`No ${count} free ports in a row between ${lowest} and ${highest}.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
