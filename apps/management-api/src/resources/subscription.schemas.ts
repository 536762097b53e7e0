import { z } from 'zod';
import { pageOf } from '#lib/arm';

export const subscriptionView = z
  .object({
    id: z.string(),
    authorizationSource: z.string().optional(),
    subscriptionId: z.uuid(),
    tenantId: z.uuid(),
    displayName: z.string(),
    state: z.enum(['Enabled', 'Warned', 'PastDue', 'Disabled', 'Deleted']),
    subscriptionPolicies: z.object({
      locationPlacementId: z.string(),
      quotaId: z.string(),
      spendingLimit: z.enum(['On', 'Off', 'CurrentPeriodOff']),
    }),
    managedByTenants: z.array(z.object({ tenantId: z.string() })),
  })
  .meta({ id: 'Subscription' });
export type SubscriptionView = z.infer<typeof subscriptionView>;
export const subscriptionPage = pageOf(subscriptionView, 'SubscriptionListResult');

export const tenantView = z
  .object({
    id: z.string(),
    tenantId: z.uuid(),
    displayName: z.string(),
    tenantCategory: z.enum(['Home', 'ProjectedBy', 'ManagedBy']),
    domains: z.array(z.string()),
  })
  .meta({ id: 'TenantIdDescription' });
export const tenantPage = pageOf(tenantView, 'TenantListResult');

export const locationView = z
  .object({
    id: z.string(),
    name: z.string(),
    type: z.enum(['Region', 'EdgeZone']),
    displayName: z.string(),
    regionalDisplayName: z.string(),
    metadata: z.object({ regionType: z.enum(['Physical', 'Logical']), regionCategory: z.enum(['Recommended', 'Extended', 'Other']) }),
  })
  .meta({ id: 'Location' });
export const locationList = z.object({ value: z.array(locationView) }).meta({ id: 'LocationListResult' });
