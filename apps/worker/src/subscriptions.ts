import type { Type } from '@nestjs/common';
import type { JobHandler, Schedule } from '#lib/platform';

/** Every kind of job the worker does, by the class that does it. The worker does not start if a job has two. */
export const handlers: Type<JobHandler<never>>[] = [];

/** What comes back on a schedule, in every region by itself. */
export const schedules: readonly Schedule[] = [];
