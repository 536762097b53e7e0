import { z } from 'zod';
import { defineJob } from '#lib/platform';

/** Deletes every registry of a group that is being deleted, waits for them to be gone, and then removes the group. */
export const finishResourceGroupDeletion = defineJob({
  name: 'finish-resource-group-deletion',
  queue: 'resource-groups',
  payload: z.object({ groupId: z.uuid(), operationId: z.uuid() }),
  key: ({ groupId }) => [groupId],
  attempts: 100,
  backoffSeconds: 1,
});

/** Seconds between two looks at the registries of a group that is being deleted. */
export const lookAgainSeconds = 1;
