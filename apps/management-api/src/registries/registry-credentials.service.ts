import { Injectable } from '@nestjs/common';
import { modifiedBy } from '#lib/arm';
import { ControlStore, registryId, type AdminPasswordName, type RegistryEntity } from '#lib/control';
import { Fault } from '#lib/domain';
import { SecretBox } from '#lib/platform';
import { actorOf } from '../arm-http/access.js';
import type { ArmCall } from '../arm-http/arm-call.js';
import { newAdminPassword, openCredentials } from './admin-passwords.js';
import { RegistriesService } from './registries.service.js';

/** The admin account of a registry: its name and its two passwords. */
@Injectable()
export class RegistryCredentialsService {
  constructor(
    private readonly control: ControlStore,
    private readonly registries: RegistriesService,
    private readonly secrets: SecretBox,
  ) {}

  async list(call: ArmCall, name: string) {
    const row = await this.registries.get(call, name);
    requireAdmin(row);
    return openCredentials(this.secrets, row);
  }

  /** Makes one of the two passwords new; the other one goes on working. */
  async regenerate(call: ArmCall, name: string, which: AdminPasswordName) {
    const { id } = await this.registries.get(call, name);
    return this.control.transaction(async (store) => {
      const row = await store.registries.lockedById(id);
      if (!row) return this.list(call, name);
      requireAdmin(row);
      const adminPasswords = row.adminPasswords.map((one) => (one.name === which ? newAdminPassword(this.secrets, which) : one));
      const systemData = modifiedBy(row.systemData, actorOf(call.caller));
      const written = await store.registries.change(row, { adminPasswords, systemData });
      if (!written) throw new Fault('Conflict', `The registry ${row.name} was changed by somebody else; try again.`);
      await store.announceRegistry(row);
      return openCredentials(this.secrets, written);
    });
  }
}

function requireAdmin(row: RegistryEntity): void {
  if (row.settings.adminUserEnabled) return;
  throw new Fault(
    'AdminUserDisabled',
    `Cannot perform credential operations for ${registryId(row)} as admin user is disabled. ` +
      'Kindly enable admin user as per docs: https://docs.microsoft.com/en-us/azure/container-registry/container-registry-authentication#admin-account',
  );
}
