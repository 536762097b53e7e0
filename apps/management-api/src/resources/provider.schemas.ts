import { z } from 'zod';
import { pageOf } from '#lib/arm';

export const providerView = z
  .object({
    id: z.string().optional(),
    namespace: z.string(),
    registrationState: z.string(),
    registrationPolicy: z.string(),
    resourceTypes: z.array(
      z.object({
        resourceType: z.string(),
        locations: z.array(z.string()),
        apiVersions: z.array(z.string()),
        defaultApiVersion: z.string(),
        capabilities: z.string(),
      }),
    ),
  })
  .meta({ id: 'Provider' });
export type ProviderView = z.infer<typeof providerView>;
export const providerPage = pageOf(providerView, 'ProviderListResult');

export const providerOperation = z
  .object({
    name: z.string(),
    origin: z.string(),
    isDataAction: z.boolean(),
    display: z.object({ provider: z.string(), resource: z.string(), operation: z.string(), description: z.string() }),
  })
  .meta({ id: 'OperationDefinition' });
export const providerOperationPage = pageOf(providerOperation, 'OperationListResult');
