import type { Server } from 'node:net';

/** Bounds the connections of all listeners of a process together: each costs memory and a descriptor before it says a word. */
export class ConnectionLimit {
  readonly #most: number;
  #open = 0;

  constructor(most: number) {
    this.#most = most;
  }

  watch(server: Server): void {
    server.prependListener('connection', (socket) => {
      if (this.#open >= this.#most) {
        socket.destroy();
        return;
      }
      this.#open += 1;
      socket.once('close', () => (this.#open -= 1));
    });
  }
}
