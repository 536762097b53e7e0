import type { z } from 'zod';

/** A kind of background work, declared once. It carries ids; its handler reads the present state and may run twice. */
export interface JobDefinition<P = unknown> {
  name: string;
  /** Which queue it waits in. Queues of a region end in the region's name; see `Outbox.add`. */
  queue: string;
  payload: z.ZodType<P>;
  /** Which payloads are the same work: while one waits, an equal one adds nothing; while one runs, one more waits. */
  key: (payload: P) => string[];
  /** How often it is tried in all before it counts as failed. */
  attempts: number;
  /** Wait before the second try; doubles with every further one, at most ten minutes. */
  backoffSeconds: number;
}

export type Payload<J> = J extends JobDefinition<infer P> ? P : never;

export function defineJob<P>(definition: JobDefinition<P>): JobDefinition<P> {
  return definition;
}

/** Does the work of one kind of job. Must look at the present state first, and may run twice, also at once after a crash. */
export interface JobHandler<P = unknown> {
  readonly job: JobDefinition<P>;
  /**
   * @param signal aborted when the process drains: stop at a safe point, the job runs again.
   * @param progress percentage that people can ask for.
   */
  run(payload: P, signal: AbortSignal, progress: (percent: number) => Promise<void>): Promise<void>;
  /** Called once when the last try has failed. */
  gaveUp?(payload: P, error: Error): Promise<void>;
}

/** The queue a job waits in: the definition's, of one region where one is named. */
export function queueName(job: Pick<JobDefinition, 'queue'>, region?: string | null): string {
  return region ? `${job.queue}.${region}` : job.queue;
}

/** A job of any payload: lists of jobs hold many kinds, and each checks its own payload before it runs. */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyJob = JobDefinition<any>;
/** The same for handlers. */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyJobHandler = JobHandler<any>;
