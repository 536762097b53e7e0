import { BodyError } from './body-error.js';
import { everySecond, Pace } from './pace.js';

const MiB = 1024 * 1024;
/** Where memory is short, a body slower than this many bytes a second gives way to others … */
const slowBytesPerSecond = 1024;
/** … once it was measured for so long. */
const measuredSeconds = 5;
/** How long a body waits for memory before its client is told to come again. */
const mostWaitSeconds = 30;

/** A body as the budget sees it. */
export interface BudgetedBody {
  /** Ends it: because its client is too slow, or because no memory was free for too long. */
  cut(error: BodyError): void;
  /** Called in each second in which the client sent nothing although the process waited for it. */
  idle(): void;
}

/** What one body has of the memory for bodies. */
export interface BodyShare {
  /** Says how many bytes of memory the body holds now. Never refused: what was received is in memory already. */
  hold(bytes: number): void;
  /** Counts what the client sent. */
  received(bytes: number): void;
  /** Says whether the process waits for the client now: only then its pace is measured. */
  listening(on: boolean): void;
  /** True if `bytes` more may be held. Slow bodies are cut for it; nothing waits. */
  fits(bytes: number): boolean;
  /** Resolves once `bytes` more are held for this body. First come, first served. */
  room(bytes: number): Promise<void>;
  /** Ends it: everything held is free again. */
  leave(): void;
}

/**
 * Memory that all request bodies of a process share. A body that needs more than there is stays unread on its socket. Before a body
 * waits, the slowest bodies are cut: memory belongs to clients that send.
 */
export class BodyBudget {
  readonly #limit: number;
  readonly #shares = new Set<Share>();
  readonly #waiting = new Map<Share, Waiting>();
  #held = 0;
  #stop: (() => void) | undefined;

  constructor({ bytes = 128 * MiB }: { bytes?: number } = {}) {
    this.#limit = bytes;
  }

  /** Bytes held by all bodies under way. */
  get held(): number {
    return this.#held;
  }

  /** Bodies under way. */
  get bodies(): number {
    return this.#shares.size;
  }

  enter(body: BudgetedBody): BodyShare {
    const share = new Share(this, body);
    this.#shares.add(share);
    this.#stop ??= everySecond(() => this.second());
    return share;
  }

  /** One second has passed. Called by a timer; specs call it themselves. */
  second(): void {
    for (const share of this.#shares) share.second();
    for (const [share, waiting] of this.#waiting) if (++waiting.seconds > mostWaitSeconds) share.end(new BodyError('no-memory'));
    this.#serve();
  }

  /** @internal */
  add(bytes: number): void {
    this.#held += bytes;
    if (bytes < 0) this.#serve();
  }

  /** @internal Cuts slow bodies, the slowest first, until `bytes` are free or no slow one is left. */
  makeRoom(bytes: number, asking: Share): boolean {
    const missing = () => this.#held + bytes - this.#limit;
    if (missing() <= 0) return true;
    const slow = [...this.#shares].filter((share) => share !== asking && share.isSlow).sort((a, b) => a.pace.rate - b.pace.rate);
    for (const share of slow) {
      if (missing() <= 0) break;
      share.end(new BodyError('slow'));
    }
    // A body alone may have what it needs, be the budget as small as it may.
    return missing() <= 0 || this.#held === asking.held;
  }

  /** @internal */
  wait(share: Share, bytes: number): Promise<void> {
    if (this.#waiting.size === 0 && this.makeRoom(bytes, share)) {
      share.hold(share.held + bytes);
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#waiting.set(share, { bytes, resolve, seconds: 0 }));
  }

  /** @internal */
  forget(share: Share): void {
    this.#shares.delete(share);
    this.#waiting.get(share)?.resolve();
    this.#waiting.delete(share);
    if (this.#shares.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Those who wait are served in their order. */
  #serve(): void {
    for (const [share, { bytes, resolve }] of this.#waiting) {
      if (!this.makeRoom(bytes, share)) return;
      this.#waiting.delete(share);
      share.hold(share.held + bytes);
      resolve();
    }
  }
}

interface Waiting {
  bytes: number;
  resolve: () => void;
  seconds: number;
}

class Share implements BodyShare {
  readonly pace = new Pace();
  readonly #budget: BodyBudget;
  readonly #body: BudgetedBody;
  held = 0;
  #recent = 0;
  #listening = false;
  #over = false;

  constructor(budget: BodyBudget, body: BudgetedBody) {
    this.#budget = budget;
    this.#body = body;
  }

  get isSlow(): boolean {
    return this.held > 0 && this.#listening && this.pace.seconds >= measuredSeconds && this.pace.rate < slowBytesPerSecond;
  }

  second(): void {
    if (!this.#listening) return;
    const recent = this.#recent;
    this.#recent = 0;
    this.pace.second(recent);
    if (this.pace.exhausted) this.end(new BodyError('slow'));
    else if (recent === 0) this.#body.idle();
  }

  hold(bytes: number): void {
    if (this.#over) return;
    const more = bytes - this.held;
    this.held = bytes;
    this.#budget.add(more);
  }

  received(bytes: number): void {
    this.#recent += bytes;
  }

  listening(on: boolean): void {
    this.#listening = on;
  }

  fits(bytes: number): boolean {
    return this.#over || this.#budget.makeRoom(bytes, this);
  }

  room(bytes: number): Promise<void> {
    return this.#over ? Promise.resolve() : this.#budget.wait(this, bytes);
  }

  leave(): void {
    if (this.#over) return;
    this.hold(0);
    this.#over = true;
    this.#budget.forget(this);
  }

  end(error: BodyError): void {
    this.leave();
    this.#body.cut(error);
  }
}
