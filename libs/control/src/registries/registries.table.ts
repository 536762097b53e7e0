import { randomUUID } from 'node:crypto';
import type { EntityManager, Repository } from 'typeorm';
import { nameKey } from '#lib/domain';
import { RegistryEntity } from './registry.entity.js';

/** What a new registry is made of. */
export type NewRegistry = Omit<RegistryEntity, 'id' | 'groupKey' | 'nameKey' | 'createdAt' | 'version'>;

/** What of a registry can change. */
export type RegistryChange = Partial<
  Pick<
    RegistryEntity,
    'name' | 'resourceGroup' | 'sku' | 'tags' | 'identity' | 'settings' | 'adminPasswords' | 'provisioningState' | 'systemData'
  >
>;

/** Where a registry is, as a request names it; compared without case. */
export interface RegistryAddress {
  subscriptionId: string;
  resourceGroup: string;
  name: string;
}

/** Which part of a list is wanted. */
export interface RegistryPage {
  limit: number;
  /** `nameKey` of the last registry of the page before. */
  afterKey?: string | undefined;
}

/** The registries of all subscriptions. */
export class RegistriesTable {
  readonly #rows: Repository<RegistryEntity>;

  constructor(manager: EntityManager) {
    this.#rows = manager.getRepository(RegistryEntity);
  }

  byId(id: string): Promise<RegistryEntity | null> {
    return this.#rows.findOneBy({ id });
  }

  /** By its name, wherever it is: names are unique in the installation. */
  byName(name: string): Promise<RegistryEntity | null> {
    return this.#rows.findOneBy({ nameKey: nameKey(name) });
  }

  /** By the first label of its login server. */
  byLoginLabel(label: string): Promise<RegistryEntity | null> {
    return this.#rows.findOneBy({ loginLabel: label.toLowerCase() });
  }

  at(address: RegistryAddress): Promise<RegistryEntity | null> {
    return this.#rows.findOneBy(keysOf(address));
  }

  /** The registry, kept from being deleted until the transaction ends. For a row elsewhere that is about it. */
  kept(address: RegistryAddress): Promise<RegistryEntity | null> {
    return this.#rows.findOne({ where: keysOf(address), lock: { mode: 'for_key_share' } });
  }

  /** The registry, kept from anybody else's hands until the transaction ends. For whoever changes it. */
  locked(address: RegistryAddress): Promise<RegistryEntity | null> {
    return this.#rows.findOne({ where: keysOf(address), lock: { mode: 'pessimistic_write' } });
  }

  /** The same by id; for workers. */
  lockedById(id: string): Promise<RegistryEntity | null> {
    return this.#rows.findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Makes the registry; null when its name or its login server's label belongs to another one. */
  async insert(registry: NewRegistry): Promise<RegistryEntity | null> {
    const row: RegistryEntity = {
      ...registry,
      id: randomUUID(),
      groupKey: nameKey(registry.resourceGroup),
      nameKey: nameKey(registry.name),
      createdAt: new Date(registry.systemData.createdAt),
      version: 1,
    };
    const inserted = await this.#rows.createQueryBuilder().insert().values(row).orIgnore().returning('id').execute();
    return (inserted.raw as unknown[]).length === 1 ? row : null;
  }

  /** Writes only if nobody wrote since `row` was read; the row as it is then, or null. */
  async change(row: RegistryEntity, change: RegistryChange): Promise<RegistryEntity | null> {
    const next = { ...change, version: row.version + 1 };
    const { affected } = await this.#rows.update({ id: row.id, version: row.version }, next as object);
    return affected === 1 ? { ...row, ...next } : null;
  }

  /** Registries of a subscription, or of one group of it, in the order of their names. */
  list(subscriptionId: string, page: RegistryPage, resourceGroup?: string): Promise<RegistryEntity[]> {
    const query = this.#rows.createQueryBuilder('r').where('r.subscription_id = :subscriptionId', { subscriptionId });
    if (resourceGroup !== undefined) query.andWhere('r.group_key = :groupKey', { groupKey: nameKey(resourceGroup) });
    if (page.afterKey !== undefined) query.andWhere('r.name_key > :afterKey', { afterKey: page.afterKey });
    return query.orderBy('r.name_key').limit(page.limit).getMany();
  }

  /** Removes the row of a registry that is being deleted and has nothing left in it. */
  async delete(id: string): Promise<boolean> {
    const { affected } = await this.#rows.delete({ id, provisioningState: 'Deleting' });
    return affected === 1;
  }
}

function keysOf({ subscriptionId, resourceGroup, name }: RegistryAddress) {
  return { subscriptionId, groupKey: nameKey(resourceGroup), nameKey: nameKey(name) };
}
