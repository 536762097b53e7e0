import { httpMetrics } from '#lib/platform';
import type { Call } from './call.js';

/** The usual verbs are counted under their names; anything a client makes up is counted as one. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
type Total = ReturnType<typeof httpMetrics.total.labels>;
type Duration = ReturnType<typeof httpMetrics.duration.labels>;

/** Counts requests. The labelled counters are looked up once each: hashing labels per request would cost more than routing. */
export class RequestCounters {
  readonly #totals = new Map<string, Total>();
  readonly #durations = new Map<string, Duration>();

  count(call: Call, status: number): void {
    const method = methods.has(call.method) ? call.method : 'other';
    const series = `${method} ${call.route}`;
    this.#total(`${series} ${status}`, method, call.route, status).inc();
    this.#duration(series, method, call.route).observe((performance.now() - call.startedAt) / 1000);
  }

  #total(key: string, method: string, route: string, status: number): Total {
    let total = this.#totals.get(key);
    if (!total) this.#totals.set(key, (total = httpMetrics.total.labels(method, route, String(status))));
    return total;
  }

  #duration(key: string, method: string, route: string): Duration {
    let duration = this.#durations.get(key);
    if (!duration) this.#durations.set(key, (duration = httpMetrics.duration.labels(method, route)));
    return duration;
  }
}
