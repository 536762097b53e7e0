import type { RegistrySettings } from '#lib/control';

/** Every policy of a registry that exists: the settings that turn it on, made from those of now. */
export const policies = {
  networkrules: () => ({
    networkRuleSet: { defaultAction: 'Deny', ipRules: [{ value: '203.0.113.0/24', action: 'Allow' }], virtualNetworkRules: [] },
  }),
  publicaccess: () => ({ publicNetworkAccess: 'Disabled' }),
  armtokens: ({ policies: held }) => ({ policies: { ...held, azureADAuthenticationAsArmPolicy: { status: 'disabled' } } }),
  adminaccount: () => ({ adminUserEnabled: false }),
  anonymouspull: () => ({ anonymousPullEnabled: false }),
} as const satisfies Record<string, (now: RegistrySettings) => Partial<RegistrySettings>>;

export type PolicyName = keyof typeof policies;
export const policyNames = Object.keys(policies) as PolicyName[];
