import { z } from 'zod';
import { defineJob } from '#lib/platform';

const queue = 'registries';
const payload = z.object({ registryId: z.uuid(), operationId: z.uuid() });

/** Brings a registry that was made to life: from then on it can be used. */
export const finishRegistryCreation = defineJob({
  name: 'finish-registry-creation',
  queue,
  payload,
  key: ({ registryId }) => [registryId],
  attempts: 20,
  backoffSeconds: 1,
});

/** Removes what a registry holds, and then the registry: its name is free from then on. */
export const finishRegistryDeletion = defineJob({
  name: 'finish-registry-deletion',
  queue,
  payload,
  key: ({ registryId }) => [registryId],
  attempts: 100,
  backoffSeconds: 1,
});

/** Looks once more, when nobody remembers the registry any longer: a push under way while it was deleted may have left something. */
export const sweepDeletedRegistry = defineJob({
  name: 'sweep-deleted-registry',
  queue,
  payload: z.object({ registryId: z.uuid() }),
  key: ({ registryId }) => [registryId],
  attempts: 100,
  backoffSeconds: 5,
});

/** Seconds after which no data plane serves a deleted registry from memory, and no request begun before still runs. */
export const sweepAfterSeconds = 300;
