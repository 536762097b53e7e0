import type { FastifyInstance, RouteShorthandOptions } from 'fastify';

/** Throws when what it looks at does not work. */
export type HealthCheck = () => Promise<void>;

const checkTimeoutMs = 2_000;

/** What a process says of itself to whoever runs it: alive, started, ready to take requests. */
export class Health {
  readonly #checks = new Map<string, HealthCheck>();
  #started = false;
  #draining = false;

  /** A check that must pass for the process to be ready. */
  check(name: string, check: HealthCheck): void {
    this.#checks.set(name, check);
  }

  started(): void {
    this.#started = true;
  }

  /** From now on not ready: the process finishes what it has and ends. */
  draining(): void {
    this.#draining = true;
  }

  get isStarted(): boolean {
    return this.#started;
  }

  /** Runs every check, each for two seconds at the most. */
  async readiness(): Promise<{ ready: boolean; checks: Record<string, string> }> {
    const checks: Record<string, string> = {};
    await Promise.all(
      [...this.#checks].map(async ([name, check]) => {
        checks[name] = await outcome(check);
      }),
    );
    if (!this.#started) checks['startup'] = 'starting';
    if (this.#draining) checks['drain'] = 'draining';
    return { ready: this.#started && !this.#draining && [...this.#checks.keys()].every((name) => checks[name] === 'ok'), checks };
  }
}

async function outcome(check: HealthCheck): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('timed out'), checkTimeoutMs);
  });
  const done = check().then(
    () => 'ok',
    () => 'failed',
  );
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * `/livez`, `/startupz` and `/readyz`: 200 or 503, with the outcome of each check and no more.
 * @param options what the application adds to its routes.
 */
export function serveHealth(fastify: FastifyInstance, health: Health, options: RouteShorthandOptions = {}): void {
  fastify.get('/livez', options, async (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }));
  fastify.get('/startupz', options, async (_request, reply) =>
    reply
      .code(health.isStarted ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: health.isStarted ? 'ok' : 'starting' }),
  );
  fastify.get('/readyz', options, async (_request, reply) => {
    const { ready, checks } = await health.readiness();
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: ready ? 'ok' : 'unavailable', checks });
  });
}
