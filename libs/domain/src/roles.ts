/** A role definition: what it allows on the management side (`actions`) and on content (`dataActions`). */
export interface RoleRow {
  id: string;
  description: string;
  actions: readonly string[];
  notActions?: readonly string[];
  dataActions: readonly string[];
}

const acr = 'Microsoft.ContainerRegistry';

/**
 * Built-in roles with Azure's own ids and actions (role-based-access-control/built-in-roles/containers, 2025-06-30).
 */
export const roles = {
  Owner: {
    id: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
    description: 'Full access to manage all resources, including the ability to assign roles.',
    actions: ['*'],
    dataActions: [],
  },
  Contributor: {
    id: 'b24988ac-6180-42a0-ab88-20f7382dd24c',
    description: 'Full access to manage all resources, but not to assign roles.',
    actions: ['*'],
    notActions: ['Microsoft.Authorization/*/Delete', 'Microsoft.Authorization/*/Write', 'Microsoft.Authorization/elevateAccess/Action'],
    dataActions: [],
  },
  Reader: {
    id: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
    description: 'View all resources, but make no changes.',
    actions: ['*/read'],
    dataActions: [],
  },
  AcrPull: {
    id: '7f951dda-4ed3-4680-a7ca-43fe172d538d',
    description: 'Pull artifacts from a registry.',
    actions: [`${acr}/registries/pull/read`],
    dataActions: [],
  },
  AcrPush: {
    id: '8311e382-0749-4cb8-b61a-304f252e45ec',
    description: 'Push artifacts to and pull artifacts from a registry.',
    actions: [`${acr}/registries/pull/read`, `${acr}/registries/push/write`],
    dataActions: [],
  },
  AcrDelete: {
    id: 'c2f4ef07-c644-48eb-af81-4b1b4947fb11',
    description: 'Delete repositories, tags and manifests from a registry.',
    actions: [`${acr}/registries/artifacts/delete`],
    dataActions: [],
  },
  AcrImageSigner: {
    id: '6cef56e8-d556-48e5-a04f-b8e64114680f',
    description: 'Push trusted images to a registry enabled for content trust.',
    actions: [`${acr}/registries/sign/write`],
    dataActions: [`${acr}/registries/trustedCollections/write`],
  },
  AcrQuarantineReader: {
    id: 'cdda3590-29a3-44f6-95f2-9f980659eb04',
    description: 'Pull quarantined images.',
    actions: [`${acr}/registries/quarantine/read`],
    dataActions: [`${acr}/registries/quarantinedArtifacts/read`],
  },
  AcrQuarantineWriter: {
    id: 'c8d4ff99-41c3-41a8-9f60-21dfdad59608',
    description: 'Pull quarantined images and set their state.',
    actions: [`${acr}/registries/quarantine/read`, `${acr}/registries/quarantine/write`],
    dataActions: [`${acr}/registries/quarantinedArtifacts/read`, `${acr}/registries/quarantinedArtifacts/write`],
  },
  'Container Registry Repository Reader': {
    id: 'b93aa761-3e63-49ed-ac28-beffa264f7ac',
    description: 'Read repositories of a registry.',
    actions: [],
    dataActions: [`${acr}/registries/repositories/metadata/read`, `${acr}/registries/repositories/content/read`],
  },
  'Container Registry Repository Writer': {
    id: '2a1e307c-b015-4ebd-883e-5b7698a07328',
    description: 'Read and write repositories of a registry.',
    actions: [],
    dataActions: [
      `${acr}/registries/repositories/metadata/read`,
      `${acr}/registries/repositories/content/read`,
      `${acr}/registries/repositories/metadata/write`,
      `${acr}/registries/repositories/content/write`,
    ],
  },
  'Container Registry Repository Contributor': {
    id: '2efddaa5-3f1f-4df3-97df-af3f13818f4c',
    description: 'Read, write and delete repositories of a registry.',
    actions: [],
    dataActions: [
      `${acr}/registries/repositories/metadata/read`,
      `${acr}/registries/repositories/content/read`,
      `${acr}/registries/repositories/metadata/write`,
      `${acr}/registries/repositories/content/write`,
      `${acr}/registries/repositories/metadata/delete`,
      `${acr}/registries/repositories/content/delete`,
    ],
  },
  'Container Registry Repository Catalog Lister': {
    id: 'bfdb9389-c9a5-478a-bb2f-ba9ca092c3c7',
    description: 'List the repositories of a registry.',
    actions: [],
    dataActions: [`${acr}/registries/catalog/read`],
  },
} as const satisfies Record<string, RoleRow>;

export type RoleName = keyof typeof roles;
export const roleNames = Object.keys(roles) as [RoleName, ...RoleName[]];

/** Whether an action is named by a pattern such as `*`, `*\/read` or `Microsoft.X/y/*`; without case, `*` stands for anything. */
export function actionMatches(pattern: string, action: string): boolean {
  const parts = pattern.toLowerCase().split('*');
  const text = action.toLowerCase();
  if (parts.length === 1) return parts[0] === text;
  const [first, last] = [parts[0]!, parts.at(-1)!];
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > text.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}

/** Whether the role allows a management action. */
export function roleAllows(role: RoleRow, action: string): boolean {
  return role.actions.some((p) => actionMatches(p, action)) && !(role.notActions ?? []).some((p) => actionMatches(p, action));
}

/** Whether the role allows an action on content. */
export function roleAllowsData(role: RoleRow, action: string): boolean {
  return role.dataActions.some((p) => actionMatches(p, action));
}
