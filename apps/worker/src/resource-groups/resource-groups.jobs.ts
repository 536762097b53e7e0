import { z } from 'zod';
import { defineJob } from '#lib/platform';

/** Begins again what was to end the deletion of a group and was lost. */
export const resumeResourceGroupDeletions = defineJob({
  name: 'resume-resource-group-deletions',
  queue: 'resource-groups',
  payload: z.object({}),
  key: () => ['all'],
  attempts: 3,
  backoffSeconds: 5,
});
