import { z } from 'zod';
import { defineJob } from '#lib/platform';

/** Forgets operations that ended long ago. */
export const forgetOldOperations = defineJob({
  name: 'forget-old-operations',
  queue: 'operations',
  payload: z.object({}),
  key: () => ['all'],
  attempts: 3,
  backoffSeconds: 60,
});
