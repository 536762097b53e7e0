import { z } from 'zod';
import { defineJob } from '#lib/platform';

/** Looks for registry operations whose job was lost, and writes it again: losing the whole queue loses nothing. */
export const resumeRegistryOperations = defineJob({
  name: 'resume-registry-operations',
  queue: 'registries',
  payload: z.object({}),
  key: () => [],
  attempts: 1,
  backoffSeconds: 1,
});
