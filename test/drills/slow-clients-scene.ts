import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TestRegistry } from '../support/test-registry.js';

/** Runs `make` so often, a hundred at a time: more at once than a listener takes are refused by the kernel. */
export async function many<T>(count: number, make: (at: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  let next = 0;
  const one = async () => {
    while (next < count) made.push(await make(next++));
  };
  await Promise.all(Array.from({ length: 100 }, one));
  return made;
}

/** A request of the admin of a registry on a connection of its own: the head, and as much of a body as there is. */
export async function open({ loginServer, name, password, service }: TestRegistry, line: string, length = 0, body = 0): Promise<Socket> {
  const socket = connect(service.regions.eastus.http, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  const authorization = `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
  const head = [`${line} HTTP/1.1`, `Host: ${loginServer}`, `Authorization: ${authorization}`, `Content-Length: ${length}`, '', ''];
  socket.write(Buffer.concat([Buffer.from(head.join('\r\n')), Buffer.alloc(body, 'x')]));
  return socket;
}

/** Uploads that send a beginning each and then a byte a second, for as long as they are let. */
export class Tricklers {
  readonly #sockets: Socket[];
  readonly #timer: NodeJS.Timeout;

  private constructor(sockets: Socket[]) {
    this.#sockets = sockets;
    for (const socket of sockets) socket.resume(); // An answer is not looked at, but the end of the connection is seen.
    this.#timer = setInterval(() => sockets.forEach((socket) => socket.writable && socket.write('x')), 1_000);
  }

  static async start(registry: TestRegistry, count: number, beginning: number): Promise<Tricklers> {
    const paths = await many(count, () => registry.client.startUpload('trickled'));
    return new Tricklers(await many(count, (at) => open(registry, `PATCH ${paths[at]}`, 100_000_000, beginning)));
  }

  /** Those whose connection still stands. */
  get left(): number {
    return this.#sockets.filter((socket) => !socket.closed && !socket.readableEnded).length;
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** Pushes blobs that nobody has, one after the other; how many milliseconds each took. */
export async function pushes({ client }: TestRegistry, size: number, times: number): Promise<number[]> {
  const took: number[] = [];
  for (let pushed = 0; pushed < times; pushed++) {
    const blob = randomBytes(size);
    const began = performance.now();
    await client.pushBlob('pushed', blob);
    took.push(performance.now() - began);
  }
  return took;
}
