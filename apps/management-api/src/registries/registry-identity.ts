import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { RegistryIdentity } from '#lib/control';
import { Fault } from '#lib/domain';

const assignedId = /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.ManagedIdentity\/userAssignedIdentities\/[^/]+$/i;
const echoed = z.unknown().optional().meta({ readOnly: true, type: 'string' });

/** The managed identity of a registry as a client writes it. */
export const registryIdentity = z
  .object({
    type: z.enum(['SystemAssigned', 'UserAssigned', 'SystemAssigned, UserAssigned', 'None']).default('None'),
    userAssignedIdentities: z
      .record(z.string(), z.object({ principalId: echoed, clientId: echoed }).nullable())
      .superRefine((identities, context) => {
        for (const id of Object.keys(identities)) {
          if (assignedId.test(id)) continue;
          context.addIssue({
            code: 'custom',
            path: [id],
            message: 'must be named by the resource id of a user-assigned identity',
            input: id,
          });
        }
      })
      .meta({ propertyNames: { pattern: assignedId.source } })
      .nullable()
      .optional(),
    principalId: echoed,
    tenantId: echoed,
  })
  .meta({ id: 'RegistryIdentity', description: 'The managed identity of the registry.' });
export type AskedIdentity = z.infer<typeof registryIdentity>;

/** The identity asked for, with what the service adds; a system-assigned one keeps its principal as long as it lasts. */
export function identityOf(
  asked: AskedIdentity | null | undefined,
  present: RegistryIdentity | null,
  tenantId: string,
): RegistryIdentity | null {
  if (!asked || asked.type === 'None') {
    if (Object.keys(withoutRemoved(asked?.userAssignedIdentities)).length > 0) throw needsType();
    return asked ? { type: 'None' } : null;
  }
  const assigned = withoutRemoved(asked.userAssignedIdentities);
  const wantsAssigned = asked.type.includes('UserAssigned');
  if (wantsAssigned && Object.keys(assigned).length === 0) {
    throw new Fault(
      'InvalidParameter',
      `identity.userAssignedIdentities must name at least one identity when identity.type is '${asked.type}'.`,
      {
        target: 'identity.userAssignedIdentities',
      },
    );
  }
  if (!wantsAssigned && Object.keys(assigned).length > 0) throw needsType();
  if (wantsAssigned) throw notFound(Object.keys(assigned)[0]!);
  return { type: asked.type, principalId: present?.principalId ?? randomUUID(), tenantId };
}

/** No provider here makes user-assigned identities, so none of them exists. */
const notFound = (id: string) =>
  new Fault(
    'InvalidParameter',
    `The user-assigned identity '${id}' was not found: there is no Microsoft.ManagedIdentity here. ` +
      "Use identity.type 'SystemAssigned' or 'None'.",
    { target: 'identity.userAssignedIdentities' },
  );

const needsType = () =>
  new Fault('InvalidParameter', "identity.type must be 'UserAssigned' or 'SystemAssigned, UserAssigned' when identities are named.", {
    target: 'identity.type',
  });

/** A null removes an identity (PATCH). */
function withoutRemoved(assigned: AskedIdentity['userAssignedIdentities']): Record<string, object> {
  return Object.fromEntries(
    Object.entries(assigned ?? {})
      .filter(([, value]) => value !== null)
      .map(([id]) => [id, {}]),
  );
}
