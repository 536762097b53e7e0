import type { Type } from '@nestjs/common';
import type { AnyJobHandler, Schedule } from '#lib/platform';
import { CollectionHandler } from './content/collection.handler.js';
import { collectContent, sweepUploads } from './content/content.jobs.js';
import { UploadSweepHandler } from './content/upload-sweep.handler.js';
import { OldOperationsHandler } from './operations/old-operations.handler.js';
import { forgetOldOperations } from './operations/operations.jobs.js';
import { DeletedRegistrySweepHandler } from './registries/deleted-registry-sweep.handler.js';
import { resumeRegistryOperations } from './registries/registries.jobs.js';
import { RegistryCreationHandler } from './registries/registry-creation.handler.js';
import { RegistryDeletionHandler } from './registries/registry-deletion.handler.js';
import { RegistryOperationsHandler } from './registries/registry-operations.handler.js';
import { ResourceGroupDeletionHandler } from './resource-groups/resource-group-deletion.handler.js';
import { ResourceGroupOperationsHandler } from './resource-groups/resource-group-operations.handler.js';
import { resumeResourceGroupDeletions } from './resource-groups/resource-groups.jobs.js';

/** Every kind of job the worker does, by the class that does it. The worker does not start if a job has two. */
export const handlers: Type<AnyJobHandler>[] = [
  RegistryCreationHandler,
  RegistryDeletionHandler,
  DeletedRegistrySweepHandler,
  RegistryOperationsHandler,
  ResourceGroupDeletionHandler,
  ResourceGroupOperationsHandler,
  CollectionHandler,
  UploadSweepHandler,
  OldOperationsHandler,
];

/** What comes back on a schedule, in every region by itself. */
export const schedules: readonly Schedule[] = [
  { job: resumeRegistryOperations, payload: {}, everySeconds: 60 },
  { job: resumeResourceGroupDeletions, payload: {}, everySeconds: 60 },
  { job: collectContent, payload: {}, everySeconds: 60 },
  { job: sweepUploads, payload: {}, everySeconds: 900 },
  { job: forgetOldOperations, payload: {}, everySeconds: 3_600 },
];
