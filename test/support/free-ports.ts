import { createServer, type Server } from 'node:net';

/** Ports nobody listens on at this moment: all are held until the last one is found, so none comes twice. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen(0)));
  const ports = servers.map(portOf);
  await Promise.all(servers.map(close));
  return ports;
}

/** The first of so many free ports in a row. */
export async function freePortRun(count: number): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const held: Server[] = [await listen(0)];
    const first = portOf(held[0] as Server);
    try {
      while (held.length < count) held.push(await listen(first + held.length));
      return first;
    } catch {
      continue; // One of them is taken: try from somewhere else.
    } finally {
      await Promise.all(held.map(close));
    }
  }
  throw new Error(`No ${count} free ports in a row.`);
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return address && typeof address === 'object' ? address.port : 0;
}

function close(server: Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}
