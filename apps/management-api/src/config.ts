import { z } from 'zod';
import { commonSettings, listenSettings } from '#lib/platform';

/** What the management API reads from the environment. */
export const managementSettings = z.object({
  ...commonSettings,
  ...listenSettings,
});
export type ManagementConfig = z.infer<typeof managementSettings>;
