import { Fault } from '#lib/domain';

/** A row that was there a moment ago is gone: a removal ran in between, and the transaction is to be tried again. */
export class Vanished extends Error {
  constructor() {
    super('A row vanished between two statements.');
    this.name = 'Vanished';
  }
}

// Deadlock, serialization failure, foreign key: each the answer to a removal that ran at the same time. And what statements sent
// behind such a failed one are told: of several promises, theirs may be the first to be seen.
const passing = new Set(['40P01', '40001', '23503', '25P02']);
const attempts = 6;

/**
 * Runs a transaction again when it lost against another one. `work` begins from nothing each time. Fault ServiceUnavailable when it lost
 * too often: nothing was changed, and the caller may try again later.
 */
export async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const lost = error instanceof Vanished || passing.has((error as { code?: string } | null)?.code ?? '');
      if (!lost) throw error;
      if (attempt === attempts)
        throw new Fault('ServiceUnavailable', 'Other changes of the same content were always first. Try again in a moment.', {
          cause: error,
        });
      await new Promise((resolve) => setTimeout(resolve, attempt * attempt * 5 * Math.random()));
    }
  }
}
