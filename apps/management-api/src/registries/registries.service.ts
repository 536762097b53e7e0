import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import {
  createdBy,
  mergePatch,
  modifiedBy,
  patchedProperties,
  requirePreconditions,
  requireSameResource,
  requireValid,
  sliceOf,
  type Slice,
  type Tags,
} from '#lib/arm';
import {
  beginRegistryCreation,
  beginRegistryDeletion,
  ControlStore,
  registryId,
  registryResourceType,
  type OperationEntity,
  type RegistryChange,
  type RegistryEntity,
  type RegistrySettings,
  type ResourceGroupEntity,
} from '#lib/control';
import { Fault, type SkuName } from '#lib/domain';
import { SecretBox } from '#lib/platform';
import { actorOf } from '../arm-http/access.js';
import type { ArmCall } from '../arm-http/arm-call.js';
import type { PageRequest } from '../arm-http/pages.js';
import { CONFIG } from '../arm-http/tokens.js';
import type { ManagementConfig } from '../config.js';
import { newAdminPasswords } from './admin-passwords.js';
import { loginLabel } from './login-label.js';
import { identityOf, registryIdentity, type AskedIdentity } from './registry-identity.js';
import { registryProperties, settingsOf, type RegistryProperties } from './registry-properties.js';
import { heldGroup, nameInUse, registryNotFound, requireLocation, requireRegistryName, requireSku } from './registry-requests.js';
import { isDowngrade, requireAllowed, requireConsistent, requireDowngradable, requireUnchanged } from './registry-rules.js';
import { isReserved } from './reserved-names.js';
import { RegistryUsage } from './registry-usage.js';
import { knows, withoutUnknown } from './registry-versions.js';
import { registryEtag } from './registry-view.js';
import { registry, type RegistryPatch, type RegistryPut } from './registry.resource.js';

/** A registry after a write: whether it is new, and the operation under way for it, if any. */
export interface Written {
  row: RegistryEntity;
  isNew: boolean;
  operation: OperationEntity | null;
}

/** A registry that is being deleted, and the operation that does it. */
export interface Removal {
  row: RegistryEntity;
  operation: OperationEntity;
}

/** The body of a PUT, its SKU being one that can be had. */
type WantedRegistry = Omit<RegistryPut, 'sku'> & { sku: SkuName; identity: AskedIdentity | null | undefined };

/** What a client wants a registry to be, after validation. */
interface Wish {
  sku: SkuName;
  tags: Record<string, string>;
  identity: AskedIdentity | null | undefined;
  properties: RegistryProperties;
}

/** What each verb does to a registry. Every write is one transaction: the row, the operation and the job, or nothing. */
@Injectable()
export class RegistriesService {
  constructor(
    private readonly control: ControlStore,
    private readonly secrets: SecretBox,
    private readonly usage: RegistryUsage,
    @Inject(CONFIG) private readonly config: ManagementConfig,
  ) {}

  /** The registry of the call's subscription and group; throws 404 as ARM words it. */
  async get(call: ArmCall, name: string): Promise<RegistryEntity> {
    const row = await this.control.registries.at(this.#address(call, name));
    if (!row) throw registryNotFound(call, name);
    return row;
  }

  /** One page of the registries of the call's subscription, or of its group where the URL names one. */
  async list(call: ArmCall, { limit, after }: PageRequest): Promise<Slice<RegistryEntity>> {
    const afterKey = after === undefined ? undefined : String(after[0]);
    const rows = await this.control.registries.list(call.subscription!.id, { limit: limit + 1, afterKey }, call.resourceGroup?.name);
    return sliceOf(rows, limit, (last) => [last.nameKey]);
  }

  /** PUT: makes the registry, or makes the one that is there what the body says. */
  put(call: ArmCall, name: string, body: RegistryPut): Promise<Written> {
    const address = this.#address(call, name);
    requireSameResource(body, { id: registryId(address), name, type: registryResourceType });
    requireLocation(body.location, this.config.REGATTA_REGIONS);
    const wanted = { ...body, sku: requireSku(body.sku.name), identity: body['identity'] as AskedIdentity | null | undefined };
    return this.control.transaction(async (store) => {
      const group = await heldGroup(store, call);
      let row = await store.registries.locked(address);
      requirePreconditions(call.preconditions, row && registryEtag(row));
      if (!row) {
        const made = await this.#create(store, call, group, name, wanted);
        if (made) return made;
        // Somebody made it between our look and our insert: then this request is one that meets it.
        row = await store.registries.locked(address);
        if (!row) throw nameInUse(name);
        requirePreconditions(call.preconditions, registryEtag(row));
      }
      return this.#replace(store, call, row, { name, resourceGroup: group.name }, wanted);
    });
  }

  /** PATCH (RFC 7396): changes what the body names. */
  patch(call: ArmCall, name: string, body: RegistryPatch): Promise<Written> {
    const version = call.apiVersion.value;
    return this.control.transaction(async (store) => {
      const row = await store.registries.locked(this.#address(call, name));
      if (!row) throw registryNotFound(call, name);
      requirePreconditions(call.preconditions, registryEtag(row));
      requireSameResource(body, { id: registryId(row), name, type: registryResourceType, location: row.location });
      const sku = body.sku?.name ? requireSku(body.sku.name) : row.sku;
      const asked = withoutUnknown(version, { ...body.properties }, {});
      const properties = patchedProperties(registry, row.settings, asked) as RegistryProperties;
      const tags = body.tags === undefined ? row.tags : (body.tags ?? {});
      return this.#write(store, call, row, { sku, tags, identity: patchedIdentity(row, body, version), properties }, {});
    });
  }

  /** Gives a registry the tags that `change` makes of those it has. */
  tag(call: ArmCall, name: string, change: (present: Tags) => Tags): Promise<RegistryEntity> {
    return this.control.transaction(async (store) => {
      const row = await store.registries.locked(this.#address(call, name));
      if (!row) throw registryNotFound(call, name);
      const wish = { sku: row.sku, identity: row.identity as AskedIdentity | null, properties: row.settings as RegistryProperties };
      return (await this.#write(store, call, row, { ...wish, tags: change(row.tags) }, {})).row;
    });
  }

  /** DELETE: null when there is nothing to delete. */
  remove(call: ArmCall, name: string): Promise<Removal | null> {
    return this.control.transaction(async (store) => {
      const row = await store.registries.locked(this.#address(call, name));
      requirePreconditions(call.preconditions, row && registryEtag(row));
      return row && { row, operation: await beginRegistryDeletion(store, row, call.caller.principalId) };
    });
  }

  async #create(store: ControlStore, call: ArmCall, group: ResourceGroupEntity, name: string, wanted: WantedRegistry) {
    if (isReserved(name, this.config)) {
      throw new Fault('InvalidResourceName', `The registry name '${name}' is reserved in this installation.`, { target: 'registryName' });
    }
    const subscription = call.subscription!;
    const { provisioningState: _ignored, ...asked } = wanted.properties;
    const settings = settingsOf(withoutUnknown(call.apiVersion.value, asked, registryProperties.parse({})), null, new Date());
    requireConsistent(settings);
    requireAllowed(wanted.sku, settings);
    const owner = { tenantId: subscription.tenantId, subscriptionId: subscription.id, resourceGroup: group.name, name };
    const row = await store.registries.insert({
      ...owner,
      loginLabel: loginLabel(settings.autoGeneratedDomainNameLabelScope, owner),
      location: wanted.location,
      sku: wanted.sku,
      tags: wanted.tags,
      identity: knows(call.apiVersion.value, 'identity') ? identityOf(wanted.identity, null, subscription.tenantId) : null,
      settings,
      adminPasswords: newAdminPasswords(this.secrets),
      provisioningState: 'Creating',
      systemData: createdBy(actorOf(call.caller)),
    });
    if (!row) return null;
    return { row, isNew: true, operation: await beginRegistryCreation(store, row, call.caller.principalId) };
  }

  #replace(
    store: ControlStore,
    call: ArmCall,
    row: RegistryEntity,
    casing: Pick<RegistryEntity, 'name' | 'resourceGroup'>,
    wanted: WantedRegistry,
  ): Promise<Written> {
    const version = call.apiVersion.value;
    if (wanted.location !== row.location) {
      throw new Fault(
        'LocationImmutable',
        `The resource '${row.name}' already exists in location '${row.location}' in resource group '${row.resourceGroup}'. ` +
          `A resource with the same name cannot be created in location '${wanted.location}'.`,
        { target: 'location' },
      );
    }
    const { provisioningState, ...asked } = wanted.properties;
    if (provisioningState !== undefined && provisioningState !== row.provisioningState) {
      throw new Fault('InvalidParameter', `properties.provisioningState is read-only: it is ${row.provisioningState}.`, {
        target: 'properties.provisioningState',
      });
    }
    const properties = withoutUnknown(version, asked, row.settings as never) as RegistryProperties;
    const identity = knows(version, 'identity') ? wanted.identity : row.identity;
    return this.#write(store, call, row, { sku: wanted.sku, tags: wanted.tags, identity, properties }, casing);
  }

  /** Writes what is wanted if it is allowed and differs from what is. */
  async #write(store: ControlStore, call: ArmCall, row: RegistryEntity, wish: Wish, casing: Partial<RegistryEntity>): Promise<Written> {
    if (row.provisioningState === 'Deleting') {
      throw new Fault('RegistryBusy', `The registry ${row.name} is being deleted and cannot be changed.`);
    }
    const settings = settingsOf(wish.properties, row.settings, new Date());
    await this.#requireFitting(row, wish.sku, settings);
    const identity = identityOf(wish.identity, row.identity, row.tenantId);
    const change: RegistryChange = { ...casing, sku: wish.sku, tags: wish.tags, identity, settings };
    const failed = row.provisioningState === 'Failed';
    const operation = row.provisioningState === 'Succeeded' ? null : await store.operations.underWay(row.id);
    const same = Object.entries(change).every(([key, value]) => isDeepStrictEqual(plain(value), plain(row[key as keyof RegistryEntity])));
    if (same && !failed) return { row, isNew: false, operation };
    const written = await store.registries.change(row, {
      ...change,
      systemData: modifiedBy(row.systemData, actorOf(call.caller)),
      ...(failed && { provisioningState: 'Creating' as const }),
    });
    if (!written) throw new Fault('Conflict', `The registry ${row.name} was changed by somebody else; try again.`);
    // What could not be created is tried again with what the client says now.
    if (failed) return { row: written, isNew: false, operation: await beginRegistryCreation(store, written, call.caller.principalId) };
    await store.announceRegistry(row);
    return { row: written, isNew: false, operation };
  }

  async #requireFitting(row: RegistryEntity, sku: SkuName, settings: RegistrySettings): Promise<void> {
    requireUnchanged(row.settings, settings);
    requireConsistent(settings);
    if (isDowngrade(row.sku, sku)) requireDowngradable(sku, settings, await this.usage.counts(row, settings));
    else requireAllowed(sku, settings);
  }

  #address(call: ArmCall, name: string) {
    requireRegistryName(name);
    return { subscriptionId: call.subscription!.id, resourceGroup: call.resourceGroup!.name, name };
  }
}

function patchedIdentity(row: RegistryEntity, body: RegistryPatch, version: string): AskedIdentity | null {
  const present = row.identity as AskedIdentity | null;
  if (body.identity === undefined || !knows(version, 'identity')) return present;
  if (body.identity === null) return null;
  return requireValid(registryIdentity, mergePatch(present, body.identity), ['identity']);
}

/** As it comes back from the database: without members that are undefined. */
const plain = (value: unknown): unknown => (value === undefined ? null : JSON.parse(JSON.stringify(value)));
