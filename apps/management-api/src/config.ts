import { z } from 'zod';
import { commonSettings, listenSettings } from '#lib/platform';

/** What the management API reads from the environment. */
export const managementSettings = z.object({ ...commonSettings, ...listenSettings }).superRefine((config, context) => {
  const report = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message, input: undefined });
  if (config.HTTP_PORT === undefined && config.HTTPS_PORT === undefined)
    report('HTTPS_PORT', 'or HTTP_PORT is required: nothing would be listened on');
  if (config.HTTPS_PORT === undefined) return;
  if (config.TLS_CERT_FILE === undefined) report('TLS_CERT_FILE', 'is required with HTTPS_PORT');
  if (config.TLS_KEY_FILE === undefined) report('TLS_KEY_FILE', 'is required with HTTPS_PORT');
});
export type ManagementConfig = z.infer<typeof managementSettings>;
