import { BodyError } from './body-error.js';
import { everySecond, Pace } from './pace.js';

const MiB = 1024 * 1024;
/** Where memory is short, a body slower than this many bytes a second gives way to others … */
const slowBytesPerSecond = 1024;
/** … once it was measured for so long. */
const measuredSeconds = 5;
/** How long a body waits for memory before its client is told to come again … */
const mostWaitSeconds = 30;
/** … and how long one that holds some: it keeps from others what is of no use to it. */
const mostHoldingWaitSeconds = 3;
/** What was received is in memory already and exceeds the budget. Beyond so many times the budget bodies are ended for it. */
const mostExcess = 1.5;

/** A body as the budget sees it. */
export interface BudgetedBody {
  /** Ends it: because its client is too slow, or because no memory was free for too long. */
  cut(error: BodyError): void;
  /** Called in each second in which the client sent little although the process waited for it. */
  slow(): void;
}

/** What one body has of the memory for bodies. */
export interface BodyShare {
  /** Says how many bytes of memory the body holds now. What was received is in memory already: others may have to end for it. */
  hold(bytes: number): void;
  /** Counts what the client sent. */
  received(bytes: number): void;
  /** Says whether the process waits for the client now: only then its pace is measured. */
  listening(on: boolean): void;
  /** True if others wait for memory. */
  isWanted(): boolean;
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
  /** Those that were slow at the last second, the slowest at the end. Null until it is needed. */
  #slow: Share[] | null = null;
  #serving = false;
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
    this.#slow = null;
    for (const [share, waiting] of this.#waiting) {
      if (++waiting.seconds > (share.held > 0 ? mostHoldingWaitSeconds : mostWaitSeconds)) share.end(new BodyError('no-memory'));
    }
    this.#serve();
  }

  /** @internal */
  get isWanted(): boolean {
    return this.#waiting.size > 0;
  }

  /** @internal */
  add(bytes: number, share: Share): void {
    this.#held += bytes;
    if (bytes <= 0) this.#serve();
    else if (this.#held > this.#limit * mostExcess) this.#shed(share);
  }

  /** @internal Cuts slow bodies, the slowest first, until `bytes` are free or no slow one is left. */
  makeRoom(bytes: number, asking: Share): boolean {
    while (this.#held + bytes > this.#limit) {
      const share = this.#nextSlow(asking);
      // A body alone may have what it needs, be the budget as small as it may.
      if (!share) return this.#held === asking.held;
      share.end(new BodyError('slow'));
    }
    return true;
  }

  #nextSlow(asking: Share): Share | undefined {
    this.#slow ??= [...this.#shares].filter((share) => share.isSlow).sort((a, b) => b.pace.rate - a.pace.rate);
    for (let share = this.#slow.pop(); share; share = this.#slow.pop()) if (share !== asking && share.isSlow) return share;
    return undefined;
  }

  /** Ends bodies whose buffers are not in use, slow or not, the slowest first, until the budget is kept again. */
  #shed(asking: Share): void {
    const holders = [...this.#shares].filter(
      (share) => share !== asking && share.held > 0 && (share.isListening || this.#waiting.has(share)),
    );
    for (const share of holders.sort((a, b) => a.knownRate - b.knownRate)) {
      if (this.#held <= this.#limit) return;
      share.end(new BodyError('no-memory'));
    }
  }

  /** @internal */
  wait(share: Share, bytes: number): Promise<void> {
    if (!this.isWanted && this.makeRoom(bytes, share)) {
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

  /** Those who wait are served in their order. Cutting a body for one of them frees memory, and comes here again. */
  #serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    for (const [share, { bytes, resolve }] of this.#waiting) {
      if (!this.makeRoom(bytes, share)) break;
      this.#waiting.delete(share);
      share.hold(share.held + bytes);
      resolve();
    }
    this.#serving = false;
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

  get isListening(): boolean {
    return this.#listening;
  }

  /** Bytes a second of late; of one who has just come nothing bad is known. */
  get knownRate(): number {
    return this.pace.seconds === 0 ? Number.POSITIVE_INFINITY : this.pace.rate;
  }

  get isSlow(): boolean {
    return this.held > 0 && this.#listening && !this.#over && this.pace.seconds >= measuredSeconds && this.pace.rate < slowBytesPerSecond;
  }

  second(): void {
    if (!this.#listening) return;
    const recent = this.#recent;
    this.#recent = 0;
    this.pace.second(recent);
    if (this.pace.exhausted) this.end(new BodyError('slow'));
    else if (recent < slowBytesPerSecond) this.#body.slow();
  }

  hold(bytes: number): void {
    if (this.#over) return;
    const more = bytes - this.held;
    this.held = bytes;
    this.#budget.add(more, this);
  }

  received(bytes: number): void {
    this.#recent += bytes;
  }

  listening(on: boolean): void {
    this.#listening = on;
  }

  isWanted(): boolean {
    return this.#budget.isWanted;
  }

  fits(bytes: number): boolean {
    return this.#over || this.#budget.makeRoom(bytes, this);
  }

  room(bytes: number): Promise<void> {
    return this.#over ? Promise.resolve() : this.#budget.wait(this, bytes);
  }

  leave(): void {
    if (this.#over) return;
    this.#over = true;
    // Not among those who wait any more when its memory is given to them.
    this.#budget.forget(this);
    const held = this.held;
    this.held = 0;
    this.#budget.add(-held, this);
  }

  end(error: BodyError): void {
    this.leave();
    this.#body.cut(error);
  }
}
