/** Which registries some scopes cover. A superset where a scope names something below a group that is not a registry. */
export interface Reach {
  /** Every registry of the tenant. */
  everything: boolean;
  subscriptions: string[];
  groups: { subscriptionId: string; groupKey: string }[];
  /** Name keys of single registries. */
  names: string[];
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Reads scopes in lower case: `/`, a subscription, a resource group, a registry. Any other scope covers no registry. */
export function reachOf(scopes: readonly string[]): Reach {
  const subscriptions = new Set<string>();
  const groups = new Map<string, Reach['groups'][number]>();
  const names = new Set<string>();
  for (const scope of scopes) {
    const [, kind, subscriptionId, below, groupKey, , , , name] = scope.split('/');
    if (kind !== 'subscriptions' || !uuid.test(subscriptionId ?? '')) continue;
    if (below === undefined) subscriptions.add(subscriptionId!);
    else if (below !== 'resourcegroups' || !groupKey) continue;
    else if (name) names.add(name);
    else groups.set(`${subscriptionId}/${groupKey}`, { subscriptionId: subscriptionId!, groupKey });
  }
  return { everything: scopes.includes('/'), subscriptions: [...subscriptions], groups: [...groups.values()], names: [...names] };
}

export function isNowhere({ everything, subscriptions, groups, names }: Reach): boolean {
  return !everything && subscriptions.length + groups.length + names.length === 0;
}
