import { Fault } from '#lib/domain';
import { hashSecret } from './secret-hash.js';

/** scrypt takes a thread of libuv's four; the others stay free for files. */
const atOnce = 2;
const maxWaiting = 256;

/** Runs scrypt a few at a time; refuses with `TooManyRequests` when too many wait. */
export class ScryptQueue {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  async hash(secret: string, salt: Buffer): Promise<Buffer> {
    if (this.#running >= atOnce) {
      if (this.#waiting.length >= maxWaiting) throw new Fault('TooManyRequests', 'Too many sign-ins are waiting. Try again later.');
      await new Promise<void>((go) => this.#waiting.push(go));
    } else {
      this.#running += 1;
    }
    try {
      return await hashSecret(secret, salt);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
