import { type EntityManager, type Repository } from 'typeorm';
import { SubscriptionEntity } from './subscription.entity.js';

/** The subscriptions of the installation. */
export class SubscriptionsTable {
  readonly #rows: Repository<SubscriptionEntity>;

  constructor(manager: EntityManager) {
    this.#rows = manager.getRepository(SubscriptionEntity);
  }

  byId(id: string): Promise<SubscriptionEntity | null> {
    return this.#rows.findOneBy({ id });
  }

  /** The first subscription the installation got. Null if it has none. */
  oldest(): Promise<SubscriptionEntity | null> {
    return this.#rows.createQueryBuilder('s').orderBy('s.created_at').addOrderBy('s.id').limit(1).getOne();
  }

  /** Subscriptions of a tenant after `afterId`, by id; at most `limit`. */
  ofTenant(tenantId: string, limit: number, afterId?: string): Promise<SubscriptionEntity[]> {
    const query = this.#rows.createQueryBuilder('s').where('s.tenant_id = :tenantId', { tenantId });
    if (afterId !== undefined) query.andWhere('s.id > :afterId', { afterId });
    return query.orderBy('s.id').limit(limit).getMany();
  }

  /** Makes the subscription unless it is there already; what is there is not changed. */
  async ensure(subscription: { id: string; tenantId: string; displayName: string }): Promise<void> {
    await this.#rows
      .createQueryBuilder()
      .insert()
      .values({ ...subscription, state: 'Enabled', createdAt: new Date() })
      .orIgnore()
      .execute();
  }
}
