import { ConfigError, reportAndExit } from '../config/read-config.js';

/** What runs until it is told to stop. */
export interface Running {
  /** Finishes what is under way and lets go of everything; must end by itself. */
  stop(): Promise<void>;
}

/** The oldest Node this service is built for; `npm run` brings the pinned one. */
const oldestNode = 24;

/**
 * The one way a process of the service runs: checks Node's version, turns configuration mistakes into one line each, stops on
 * SIGTERM, SIGINT or when the supervisor that started it is gone, and ends with code 0 after a clean stop.
 */
export async function runProcess(name: string, start: () => Promise<Running>): Promise<void> {
  requireNode(name);
  let running: Running | null = null;
  let stopping = false;
  const stop = (reason: string) => {
    if (stopping) return reason === 'SIGINT' ? process.exit(130) : undefined; // A second Ctrl-C does not wait.
    stopping = true;
    void (running ? running.stop() : Promise.resolve()).then(
      () => process.exit(0),
      (error: unknown) => fail(name, 'could not stop cleanly', error),
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  if (process.send) process.on('disconnect', () => stop('the supervisor is gone'));
  process.on('uncaughtException', (error) => fail(name, 'uncaught', error));
  process.on('unhandledRejection', (error) => fail(name, 'unhandled', error));
  try {
    running = await start();
  } catch (error) {
    if (error instanceof ConfigError) reportAndExit(error);
    fail(name, 'could not start', error);
  }
  process.send?.({ ready: name });
}

function requireNode(name: string): void {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= oldestNode) return;
  process.stderr.write(
    `regatta ${name}: Node ${process.versions.node} is too old; use ${oldestNode} or newer (npm run brings the right one).\n`,
  );
  process.exit(78);
}

function fail(name: string, what: string, error: unknown): never {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(`${JSON.stringify({ level: 'fatal', time: new Date().toISOString(), name, msg: `${what}: ${message}`, stack })}\n`);
  process.exit(1);
}
