import { Get, Inject } from '@nestjs/common';
import { formatResourceId, ok, sliceOf, type ArmReply } from '#lib/arm';
import { ControlStore, type SubscriptionEntity } from '#lib/control';
import { regionDisplayName } from '#lib/domain';
import { RoleAssignments } from '#lib/identity';
import { AnyCaller } from '../arm-http/access.js';
import { ArmController, Verb } from '../arm-http/arm-controller.js';
import { Call, InSubscription, type ArmCall } from '../arm-http/arm-call.js';
import { Pages } from '../arm-http/pages.js';
import { CONFIG } from '../arm-http/tokens.js';
import type { ManagementConfig } from '../config.js';
import { locationList, subscriptionPage, subscriptionView, tenantPage, type SubscriptionView } from './subscription.schemas.js';

/** How many subscriptions are looked at for one page: those the caller holds nothing in are passed over. */
const lookedAt = 1000;

/** The caller's own tenant. */
@ArmController({ area: 'subscriptions', type: 'tenants', tag: 'Subscriptions', path: 'tenants' })
export class TenantsController {
  constructor(private readonly control: ControlStore) {}

  @AnyCaller()
  @Get()
  @Verb({
    id: 'Tenants_List',
    description: 'A token belongs to one tenant, so there is one entry.',
    summary: 'The tenants of the caller: the one it signed in to.',
    answers: { 200: tenantPage },
  })
  async list(@Call() { caller }: ArmCall): Promise<ArmReply> {
    const tenant = await this.control.tenants.byId(caller.tenantId);
    const { tenantId } = caller;
    const view = {
      id: `/tenants/${tenantId}`,
      tenantId,
      displayName: tenant?.displayName ?? tenantId,
      tenantCategory: 'Home' as const,
      domains: [],
    };
    return ok({ value: [view] });
  }
}

/** Subscriptions, and the regions there are. */
@ArmController({ area: 'subscriptions', type: 'subscriptions', tag: 'Subscriptions', path: 'subscriptions' })
export class SubscriptionsController {
  constructor(
    private readonly control: ControlStore,
    private readonly roles: RoleAssignments,
    private readonly pages: Pages,
    @Inject(CONFIG) private readonly config: ManagementConfig,
  ) {}

  @AnyCaller()
  @Get()
  @Verb({
    id: 'Subscriptions_List',
    description: 'A subscription is shown if the caller holds a role in it or in anything below it.',
    paged: true,
    summary: 'Subscriptions in which the caller holds any role.',
    answers: { 200: subscriptionPage },
  })
  async list(@Call() call: ArmCall): Promise<ArmReply> {
    const { limit, after } = this.pages.read(call);
    const seen: SubscriptionEntity[] = [];
    let last = after === undefined ? undefined : String(after[0]);
    // Page by page over the tenant's subscriptions, until one more than fits is found that the caller may see.
    while (seen.length <= limit) {
      const rows = await this.control.subscriptions.ofTenant(call.caller.tenantId, lookedAt, last);
      for (const row of rows)
        if (await this.roles.sees(call.caller.principalId, formatResourceId({ subscriptionId: row.id }))) seen.push(row);
      last = rows.at(-1)?.id;
      if (rows.length < lookedAt) break;
    }
    const slice = sliceOf(seen.slice(0, limit + 1), limit, (row) => [row.id]);
    return this.pages.reply(call, slice, render);
  }

  @Get(':subscriptionId')
  @Verb({
    id: 'Subscriptions_Get',
    description: 'Shows name, tenant and state.',
    summary: 'One subscription.',
    action: 'Microsoft.Resources/subscriptions/read',
    answers: { 200: subscriptionView },
  })
  get(@InSubscription() subscription: SubscriptionEntity): ArmReply<SubscriptionView> {
    return ok(render(subscription));
  }

  @Get(':subscriptionId/locations')
  @Verb({
    id: 'Subscriptions_ListLocations',
    description: 'The names that `location` accepts.',
    summary: 'The regions of this installation.',
    action: 'Microsoft.Resources/subscriptions/locations/read',
    answers: { 200: locationList },
  })
  locations(@InSubscription() { id }: SubscriptionEntity): ArmReply {
    const value = this.config.REGATTA_REGIONS.map((name) => ({
      id: `/subscriptions/${id}/locations/${name}`,
      name,
      type: 'Region' as const,
      displayName: regionDisplayName(name),
      regionalDisplayName: regionDisplayName(name),
      metadata: { regionType: 'Physical' as const, regionCategory: 'Recommended' as const },
    }));
    return ok({ value });
  }
}

function render(row: SubscriptionEntity): SubscriptionView {
  return {
    id: `/subscriptions/${row.id}`,
    authorizationSource: 'RoleBased',
    subscriptionId: row.id,
    tenantId: row.tenantId,
    displayName: row.displayName,
    state: row.state,
    subscriptionPolicies: { locationPlacementId: 'Internal_2014-09-01', quotaId: 'Internal_2014-09-01', spendingLimit: 'Off' },
    managedByTenants: [],
  };
}
