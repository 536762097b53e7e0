import { type Fault, isFault } from '#lib/domain';
import { LineBudget, type Logger } from '#lib/platform';
import type { Call } from './call.js';

/** Refusals that clients meet with on their usual way: they ask for the challenge, look for what is not there yet, resume, leave. */
const everyday = new Set([401, 404, 416, 499]);

/**
 * What is logged of requests: refusals in samples, failures of ours whole. There is no line for what went well: counters say that,
 * and a line per request costs more than the request.
 */
export class ErrorLines {
  readonly #budget: LineBudget;

  constructor(private readonly logger: Logger) {
    this.#budget = new LineBudget(logger);
  }

  /**
   * @param nameless what has no name; absent for refusals that do.
   * @param refusal what ended the request, with or without a name. What is no fault of the client is said with its cause.
   */
  write(call: Call, status: number, nameless: unknown, refusal: unknown): void {
    const level = nameless !== undefined ? 'error' : status >= 500 ? 'warn' : everyday.has(status) ? 'debug' : 'info';
    if (!this.logger.isLevelEnabled(level) || !this.#budget.spend()) return;
    const { correlationId, requestId } = call.ids;
    const line = {
      correlationId,
      requestId,
      method: call.method,
      route: call.route,
      status,
      host: call.site?.service,
      client: call.clientAddress,
    };
    if (nameless !== undefined) this.logger.error({ ...line, err: nameless }, 'request failed');
    else this.logger[level](status >= 500 && isFault(refusal) ? { ...line, ...reasonOf(refusal) } : line, 'request refused');
  }
}

function reasonOf({ message, cause }: Fault): { reason: string; cause?: string } {
  return cause instanceof Error ? { reason: message, cause: cause.message } : { reason: message };
}
