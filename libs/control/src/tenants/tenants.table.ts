import { type EntityManager, type Repository } from 'typeorm';
import { TenantEntity } from './tenant.entity.js';

/** The tenants of the installation. */
export class TenantsTable {
  readonly #rows: Repository<TenantEntity>;

  constructor(manager: EntityManager) {
    this.#rows = manager.getRepository(TenantEntity);
  }

  byId(id: string): Promise<TenantEntity | null> {
    return this.#rows.findOneBy({ id });
  }

  /** Makes the tenant unless it is there already; its name is not changed. */
  async ensure(tenant: { id: string; displayName: string }): Promise<void> {
    await this.#rows
      .createQueryBuilder()
      .insert()
      .values({ ...tenant, createdAt: new Date() })
      .orIgnore()
      .execute();
  }
}
