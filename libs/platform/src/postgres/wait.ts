import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../log/log.js';
import { isDatabaseAway } from './is-away.js';

export interface WaitSettings {
  /** Told once that the database is waited for, with the reason, and once that it answers. */
  say: (line: string, reason?: unknown) => void;
  /** Gives up after so many seconds; without, it waits until the process is told to stop. */
  seconds?: number;
}

const firstPauseMs = 100;
const longestPauseMs = 2_000;

/**
 * Does work that needs the database, again and again while the database is away: a process that starts beside its database waits
 * for it. The work must be such that it can be repeated.
 */
export async function whenDatabaseAnswers<T>(work: () => Promise<T>, { say, seconds = Infinity }: WaitSettings): Promise<T> {
  const end = performance.now() + seconds * 1_000;
  for (let pause = firstPauseMs, said = false; ; pause = Math.min(longestPauseMs, pause * 2)) {
    try {
      const done = await work();
      if (said) say('The database answers.');
      return done;
    } catch (error) {
      if (!isDatabaseAway(error) || performance.now() + pause > end) throw error;
      if (!said) say('The database does not answer; waiting for it.', error);
      said = true;
    }
    await sleep(pause);
  }
}

/** For processes that have a log. */
export function sayInLog(logger: Logger): WaitSettings['say'] {
  return (line, reason) => (reason === undefined ? logger.info(line) : logger.warn({ err: reason }, line));
}
