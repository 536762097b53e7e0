import { z } from 'zod';
import { commonSettings, listenSettings, requireListener } from '#lib/platform';

/** What the management API reads from the environment. */
export const managementSettings = z.object({ ...commonSettings, ...listenSettings }).superRefine(requireListener);
export type ManagementConfig = z.infer<typeof managementSettings>;
