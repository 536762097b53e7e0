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

  /** @param error what has no name; absent for refusals that do. */
  write(call: Call, status: number, error: unknown): void {
    const level = error !== undefined ? 'error' : status >= 500 ? 'warn' : everyday.has(status) ? 'debug' : 'info';
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
    if (error === undefined) this.logger[level](line, 'request refused');
    else this.logger.error({ ...line, err: error }, 'request failed');
  }
}
