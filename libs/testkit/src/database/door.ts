import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * What a client meets at the door: nothing listens, Postgres says that it is starting, Postgres itself, or silence: what is sent is
 * lost and nothing comes back, as over a network that drops packets.
 */
export type DoorState = 'shut' | 'starting' | 'open' | 'silent';

/** A way to the run's Postgres that a test can shut and open. */
export class Door {
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  #state: DoorState = 'shut';
  #callers = 0;

  private constructor(
    /** The URL of the database through this door. */
    readonly url: string,
    readonly port: number,
    private readonly postgresPort: number,
  ) {}

  /** A door, shut at first, to the database of a URL. */
  static async to(url: string): Promise<Door> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    server.close();
    await once(server, 'close');
    return new Door(Object.assign(new URL(url), { port: String(port) }).toString(), port, Number(new URL(url).port));
  }

  /** How many have come to the door while it was not shut. */
  get callers(): number {
    return this.#callers;
  }

  /** Changes what is met from now on. Who has gone through is cut off; before `silent` they hear no more, and are not told. */
  async turn(state: DoorState): Promise<void> {
    this.#state = state;
    for (const socket of this.#sockets) {
      if (state === 'silent') socket.unpipe().resume();
      else socket.destroy();
    }
    if (state === 'shut') {
      const server = this.#server;
      this.#server = null;
      if (server) await new Promise((resolve) => server.close(resolve));
    } else if (!this.#server) {
      this.#server = createServer((socket) => this.#answer(socket)).listen(this.port, '127.0.0.1');
      await once(this.#server, 'listening');
    }
  }

  #answer(socket: Socket): void {
    this.#callers += 1;
    this.#keep(socket);
    if (this.#state === 'starting') {
      socket.once('data', () => socket.end(starting));
      return;
    }
    if (this.#state === 'silent') {
      socket.resume();
      return;
    }
    const postgres = connect(this.postgresPort, '127.0.0.1');
    this.#keep(postgres);
    socket.pipe(postgres).pipe(socket);
    socket.once('close', () => postgres.destroy());
    postgres.once('close', () => socket.destroy());
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

/** ErrorResponse of the PostgreSQL protocol, as a server that recovers sends it to every client. */
const starting = ((): Buffer => {
  const fields = Buffer.from('SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0');
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
})();
