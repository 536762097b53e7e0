/** One `type/name` step of a resource id below its provider, e.g. `registries/myreg`. */
export interface IdStep {
  type: string;
  name: string;
}

/** A resource id taken apart. Names keep the casing they came in; compare with `sameId`, never with `===`. */
export interface ResourceId {
  subscriptionId: string;
  resourceGroup?: string;
  /** e.g. `Microsoft.ContainerRegistry`; absent for a subscription or a resource group itself. */
  provider?: string;
  steps: IdStep[];
}

const segment = String.raw`[^/?#\u0000-\u001f]+`;
const idPattern = new RegExp(
  `^/subscriptions/(${segment})(?:/resourceGroups/(${segment}))?(?:/providers/(${segment})((?:/${segment}/${segment})+))?/?$`,
  'i',
);

/** Reads `/subscriptions/{sub}[/resourceGroups/{rg}][/providers/{ns}/{type}/{name}…]`; null when it is none. */
export function parseResourceId(text: string): ResourceId | null {
  const match = text.length <= 2048 ? idPattern.exec(text) : null;
  if (!match) return null;
  const [, subscriptionId, resourceGroup, provider, rest] = match;
  const words = rest?.split('/').slice(1) ?? [];
  const steps: IdStep[] = [];
  for (let i = 0; i < words.length; i += 2) steps.push({ type: words[i]!, name: words[i + 1]! });
  return { subscriptionId: subscriptionId!, resourceGroup, provider, steps };
}

/** Writes an id the way ARM does: fixed segments in their official casing, everything else as given, nothing URL-encoded. */
export function formatResourceId({
  subscriptionId,
  resourceGroup,
  provider,
  steps = [],
}: Omit<ResourceId, 'steps'> & { steps?: IdStep[] }) {
  let id = `/subscriptions/${subscriptionId}`;
  if (resourceGroup !== undefined) id += `/resourceGroups/${resourceGroup}`;
  if (provider !== undefined) id += `/providers/${provider}`;
  for (const { type, name } of steps) id += `/${type}/${name}`;
  return id;
}

/** `Microsoft.ContainerRegistry/registries/webhooks` for a webhook's id. */
export function resourceTypeOf(id: ResourceId): string | null {
  if (!id.provider) return null;
  return [id.provider, ...id.steps.map((step) => step.type)].join('/');
}

/** ARM compares ids without regard to case and to a trailing slash. */
export function sameId(a: string, b: string): boolean {
  return foldId(a) === foldId(b);
}

/** The form of an id to compare and index by. */
export function foldId(id: string): string {
  return id.replace(/\/+$/, '').toLowerCase();
}

/** Id of a resource group. */
export const resourceGroupId = (subscriptionId: string, resourceGroup: string): string =>
  formatResourceId({ subscriptionId, resourceGroup });
