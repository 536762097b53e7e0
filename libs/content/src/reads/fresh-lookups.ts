interface Running<T> {
  done: Promise<unknown>;
  next: Promise<T> | null;
}

/**
 * Many requests for the same thing at the same moment share one query, and yet none gets an answer older than its request: who
 * comes while a query is under way waits for the *next* one, which begins after it came. A hot tag costs one query per round
 * trip, however many ask.
 */
export class FreshLookups<T> {
  readonly #running = new Map<string, Running<T>>();

  ask(key: string, query: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key);
    if (!running) return this.#start(key, query);
    return (running.next ??= running.done.then(() => this.#start(key, query)));
  }

  #start(key: string, query: () => Promise<T>): Promise<T> {
    const answer = query();
    const running: Running<T> = { done: Promise.resolve(), next: null };
    // Entries leave the map in the same turn in which their successor, if any, is about to start.
    const finish = () => {
      if (this.#running.get(key) === running) this.#running.delete(key);
    };
    running.done = answer.then(finish, finish);
    this.#running.set(key, running);
    return answer;
  }
}
