import { z } from 'zod';
import { commaList, commonSettings, listenSettings, requireListener } from '#lib/platform';

/** What the management API reads from the environment. */
export const managementSettings = z
  .object({
    ...commonSettings,
    ...listenSettings,
    /** Names that no registry can be given. */
    REGATTA_RESERVED_NAMES: commaList.default(['admin', 'login', 'management', 'portal']),
  })
  .superRefine(requireListener);
export type ManagementConfig = z.infer<typeof managementSettings>;
