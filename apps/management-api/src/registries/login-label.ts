import { createHash, randomBytes } from 'node:crypto';
import type { DomainNameLabelScope } from '#lib/control';
import { Fault } from '#lib/domain';

/** What the hash in a login server is made of. */
export interface LabelOwner {
  tenantId: string;
  subscriptionId: string;
  resourceGroup: string;
  name: string;
}

const letters = 'abcdefghjkmnpqrstuvwxyz0123456789';
const hashLength = 16;
/** RFC 1035, 2.3.4. */
const longestLabel = 63;

/**
 * First label of the login server: the name, or the name and a hash of whom it belongs to, so that another owner of the
 * same name does not inherit the trust in an old login server. NoReuse makes another one every time.
 */
export function loginLabel(scope: DomainNameLabelScope, owner: LabelOwner): string {
  const name = owner.name.toLowerCase();
  if (scope === 'Unsecure') return name;
  const label = `${name}-${hash(partsOf(scope, { ...owner, name }))}`;
  if (label.length <= longestLabel) return label;
  throw new Fault(
    'InvalidResourceName',
    `The registry name '${owner.name}' is too long for a login server with a hash: it must have at most ${longestLabel - hashLength - 1} characters.`,
    { target: 'registryName' },
  );
}

function partsOf(
  scope: Exclude<DomainNameLabelScope, 'Unsecure'>,
  { tenantId, subscriptionId, resourceGroup, name }: LabelOwner,
): string[] {
  switch (scope) {
    case 'TenantReuse':
      return [scope, name, tenantId];
    case 'SubscriptionReuse':
      return [scope, name, tenantId, subscriptionId];
    case 'ResourceGroupReuse':
      return [scope, name, tenantId, subscriptionId, resourceGroup.toLowerCase()];
    case 'NoReuse':
      return [scope, name, randomBytes(32).toString('hex')];
  }
}

function hash(parts: string[]): string {
  const digest = createHash('sha256').update(parts.join('\n')).digest();
  return [...digest.subarray(0, hashLength)].map((byte) => letters[byte % letters.length]).join('');
}
