/** The headings of the documentation, in the order in which people need them. Every operation stands under one of them. */
export const tags = [
  ['Sign-in', 'Tokens for service principals, and the keys that verify them. Every other call needs a token.'],
  ['Subscriptions', 'The tenant and the subscriptions of the caller, and the regions of this installation.'],
  ['Resource groups', 'What registries are kept in. Create one before the first registry.'],
  ['Registries', 'Container registries: create, change and delete them, read their usage and the passwords of their admin account.'],
  ['Replications', 'The regions a registry is in.'],
  ['Private link', 'What a private endpoint can connect to.'],
  ['Tags', 'The tags of a resource group or a registry, without the rest of it.'],
  ['Resources', 'Resources of all kinds in one list, as the Azure CLI and Terraform search for them.'],
  ['Service principals', 'The programs that sign in, and their secrets.'],
  ['Roles at a subscription', 'Who may do what in a whole subscription.'],
  ['Roles at a resource group', 'Who may do what in one resource group.'],
  ['Roles at a registry', 'Who may do what in one registry: pull, push, or look after it.'],
  ['Role definitions', 'The built-in roles, and what each allows.'],
  ['Operations', 'Where a long-running operation stands. The addresses come from Azure-AsyncOperation and Location.'],
  ['Providers', 'Resource providers, as SDKs and the Azure CLI ask for them before their first call.'],
  ['Health', 'Whether this process is alive and ready, for load balancers and orchestrators.'],
] as const satisfies readonly (readonly [string, string])[];

/** One of the headings. */
export type Tag = (typeof tags)[number][0];
