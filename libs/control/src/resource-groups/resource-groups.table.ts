import { randomUUID } from 'node:crypto';
import { type EntityManager, type Repository } from 'typeorm';
import { nameKey } from '#lib/domain';
import { ResourceGroupEntity } from './resource-group.entity.js';

/** What a new group is made of. */
export type NewResourceGroup = Pick<ResourceGroupEntity, 'subscriptionId' | 'name' | 'location' | 'tags' | 'managedBy'>;

/** What of a group can change. */
export type ResourceGroupChange = Partial<Pick<ResourceGroupEntity, 'name' | 'tags' | 'managedBy' | 'provisioningState'>>;

/** One tag a list is narrowed to: its name, and its value where one is asked for. */
export interface TagFilter {
  name: string;
  value?: string;
}

/** The resource groups of all subscriptions. */
export class ResourceGroupsTable {
  readonly #rows: Repository<ResourceGroupEntity>;

  constructor(manager: EntityManager) {
    this.#rows = manager.getRepository(ResourceGroupEntity);
  }

  /** The group of that name, whatever the casing. */
  byName(subscriptionId: string, name: string): Promise<ResourceGroupEntity | null> {
    return this.#rows.findOneBy({ subscriptionId, nameKey: nameKey(name) });
  }

  byId(id: string): Promise<ResourceGroupEntity | null> {
    return this.#rows.findOneBy({ id });
  }

  /**
   * The group, kept from being deleted or changed until the transaction ends. For whoever makes something in it: a group
   * that is deleted meanwhile would otherwise leave a resource without one.
   */
  held(subscriptionId: string, name: string): Promise<ResourceGroupEntity | null> {
    return this.#rows.findOne({ where: { subscriptionId, nameKey: nameKey(name) }, lock: { mode: 'pessimistic_read' } });
  }

  /** The group, kept from being deleted until the transaction ends, but not from being changed. For a row elsewhere that is about it. */
  kept(subscriptionId: string, name: string): Promise<ResourceGroupEntity | null> {
    return this.#rows.findOne({ where: { subscriptionId, nameKey: nameKey(name) }, lock: { mode: 'for_key_share' } });
  }

  /** The group, kept from anybody else's hands until the transaction ends. For whoever changes it. */
  locked(subscriptionId: string, name: string): Promise<ResourceGroupEntity | null> {
    return this.#rows.findOne({ where: { subscriptionId, nameKey: nameKey(name) }, lock: { mode: 'pessimistic_write' } });
  }

  /** Makes the group; null when somebody else made one of that name first. */
  async insert(group: NewResourceGroup): Promise<ResourceGroupEntity | null> {
    const now = new Date();
    const row = { ...group, id: randomUUID(), nameKey: nameKey(group.name), provisioningState: 'Succeeded' as const, createdAt: now };
    const inserted = await this.#rows
      .createQueryBuilder()
      .insert()
      .values({ ...row, changedAt: now, version: 1 })
      .orIgnore()
      .returning('id')
      .execute();
    return (inserted.raw as unknown[]).length === 1 ? this.byId(row.id) : null;
  }

  /** Writes only if nobody wrote since `row` was read; the row as it is then, or null. */
  async change(row: ResourceGroupEntity, change: ResourceGroupChange): Promise<ResourceGroupEntity | null> {
    const next = {
      ...change,
      ...(change.name !== undefined && { nameKey: nameKey(change.name) }),
      changedAt: new Date(),
      version: row.version + 1,
    };
    const { affected } = await this.#rows.update({ id: row.id, version: row.version }, next);
    return affected === 1 ? { ...row, ...next } : null;
  }

  /** Groups of a subscription in the order of their names, after `afterKey`; at most `limit`. */
  ofSubscription(
    subscriptionId: string,
    { limit, afterKey, tag }: { limit: number; afterKey?: string; tag?: TagFilter },
  ): Promise<ResourceGroupEntity[]> {
    const query = this.#rows.createQueryBuilder('g').where('g.subscription_id = :subscriptionId', { subscriptionId });
    if (afterKey !== undefined) query.andWhere('g.name_key > :afterKey', { afterKey });
    if (tag) {
      query.andWhere(
        'EXISTS (SELECT FROM jsonb_each_text(g.tags) t WHERE lower(t.key) = lower(:tagName) AND (:anyValue OR t.value = :tagValue))',
        { tagName: tag.name, anyValue: tag.value === undefined, tagValue: tag.value ?? '' },
      );
    }
    return query.orderBy('g.name_key').limit(limit).getMany();
  }

  /** Removes the row of a group that has nothing left in it. Says whether there was one. */
  async delete(id: string): Promise<boolean> {
    const { affected } = await this.#rows.delete({ id, provisioningState: 'Deleting' });
    return affected === 1;
  }
}
