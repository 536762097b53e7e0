import { describe, expect, it } from 'vitest';
import { loginLabel } from './login-label.js';

const owner = { tenantId: 't', subscriptionId: 's', resourceGroup: 'rg', name: 'MyRegistry' };
const other = { tenantId: 'T2', subscriptionId: 'S2', resourceGroup: 'RG2', name: 'MyRegistry' };

describe('the label of a login server', () => {
  it('is the name in lower case when nobody asked for a hash', () => {
    expect(loginLabel('Unsecure', owner)).toBe('myregistry');
  });

  it.each(['TenantReuse', 'SubscriptionReuse', 'ResourceGroupReuse'] as const)(
    'is the same for the same owner under %s, whatever the case, and another for another',
    (scope) => {
      expect(loginLabel(scope, owner)).toMatch(/^myregistry-[a-z0-9]{16}$/);
      expect(loginLabel(scope, { ...owner, name: 'myREGISTRY', resourceGroup: 'RG' })).toBe(loginLabel(scope, owner));
      expect(loginLabel(scope, other)).not.toBe(loginLabel(scope, owner));
    },
  );

  it('is a new one every time under NoReuse', () => {
    expect(loginLabel('NoReuse', owner)).not.toBe(loginLabel('NoReuse', owner));
  });

  it('is never longer than DNS allows', () => {
    expect(loginLabel('NoReuse', { ...owner, name: 'a'.repeat(46) })).toHaveLength(63);
    expect(() => loginLabel('NoReuse', { ...owner, name: 'a'.repeat(47) })).toThrow(/at most 46/);
  });
});
