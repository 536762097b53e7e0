import type { RegionName, SkuName } from '#lib/domain';
import type {
  AdminPasswordName,
  NetworkRuleSet,
  ProvisioningState,
  RegistryPolicies,
  RegistrySettings,
} from '../registries/registry-settings.js';

/** What the data plane remembers of a registry: enough to serve it, nothing secret. */
export interface RegistrySnapshot {
  /** The registry's immutable id. A registry made again under the same name has another one. */
  readonly id: string;
  /** The name as its owner wrote it. */
  readonly name: string;
  /** Host name (and port, where the installation's suffix has one) of the login server, in lower case. */
  readonly loginServer: string;
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  /** ARM id: `/subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerRegistry/registries/{name}`. */
  readonly resourceId: string;
  readonly sku: SkuName;
  /** The home region. */
  readonly location: RegionName;
  /** Every region that serves the registry, home first. */
  readonly regions: readonly RegionName[];
  readonly provisioningState: ProvisioningState;
  readonly adminUserEnabled: boolean;
  /** Digests of the two admin passwords; the passwords are 52 random characters, so a plain SHA-256 does not help to find them. */
  readonly adminPasswords: readonly { readonly name: AdminPasswordName; readonly sha256: string }[];
  readonly anonymousPullEnabled: boolean;
  readonly dataEndpointEnabled: boolean;
  readonly publicNetworkAccess: RegistrySettings['publicNetworkAccess'];
  readonly networkRuleSet: NetworkRuleSet;
  readonly policies: RegistryPolicies;
  readonly roleAssignmentMode: RegistrySettings['roleAssignmentMode'];
  /** Grows by one with every change of the registry. */
  readonly version: number;
}
