import type { DataSource, EntityManager } from 'typeorm';
import { roles } from '#lib/domain';
import type { Broadcast } from '#lib/platform';
import { PrincipalEntity } from '../principals/principal.entity.js';
import { roleAssignmentsChannel } from '../principals/principals.table.js';
import { requireOtherOwner } from './last-owner.js';
import { RoleAssignmentEntity } from './role-assignment.entity.js';

/** Which assignments around a scope are wanted. */
export interface AroundScope {
  /** Also those at scopes underneath. */
  below: boolean;
  principalId?: string;
  limit: number;
  /** The id after which the page begins. */
  after?: string;
}

/** `identity.role_assignments`. Every change is announced in the transaction that makes it. */
export class RoleAssignmentsTable {
  readonly #data: DataSource;
  readonly #broadcast: Broadcast;

  constructor(data: DataSource, broadcast: Broadcast) {
    this.#data = data;
    this.#broadcast = broadcast;
  }

  /** What an enabled principal holds; a disabled or deleted one holds nothing. */
  async ofPrincipal(principalId: string): Promise<Pick<RoleAssignmentEntity, 'roleDefinitionId' | 'scopeKey'>[]> {
    return this.#data
      .getRepository(RoleAssignmentEntity)
      .createQueryBuilder('a')
      .innerJoin(PrincipalEntity, 'p', 'p.id = a.principalId AND p.enabled')
      .where('a.principalId = :principalId', { principalId })
      .select(['a.id', 'a.roleDefinitionId', 'a.scopeKey'])
      .getMany();
  }

  async byId(id: string): Promise<RoleAssignmentEntity | null> {
    return this.#data.getRepository(RoleAssignmentEntity).findOneBy({ id });
  }

  async equalTo(row: RoleAssignmentEntity): Promise<RoleAssignmentEntity | null> {
    const { principalId, roleDefinitionId, scopeKey } = row;
    return this.#data.getRepository(RoleAssignmentEntity).findOneBy({ principalId, roleDefinitionId, scopeKey });
  }

  /** One page of the assignments at the scope and above it, and those below it too if asked for, in the order of their ids. */
  async around(key: string, page: AroundScope): Promise<RoleAssignmentEntity[]> {
    const reach = [`a.scopeKey = :key`, `a.scopeKey = '/'`, `starts_with(:key, a.scopeKey || '/')`];
    if (page.below) reach.push(`starts_with(a.scopeKey, :under)`);
    const query = this.#data
      .getRepository(RoleAssignmentEntity)
      .createQueryBuilder('a')
      .where(`(${reach.join(' OR ')})`, { key, under: key === '/' ? '/' : `${key}/` });
    if (page.principalId !== undefined) query.andWhere('a.principalId = :principalId', { principalId: page.principalId });
    if (page.after !== undefined) query.andWhere('a.id > :after', { after: page.after });
    return query.orderBy('a.id').limit(page.limit).getMany();
  }

  /** Every assignment of a principal, whether it is enabled or not. */
  async allOf(principalId: string): Promise<RoleAssignmentEntity[]> {
    return this.#data.getRepository(RoleAssignmentEntity).find({ where: { principalId }, order: { id: 'ASC' } });
  }

  async describe(row: RoleAssignmentEntity, description: string): Promise<void> {
    await this.#data.getRepository(RoleAssignmentEntity).update({ id: row.id }, { description });
  }

  /** Says whether it wrote: the same role of the same principal at the same scope is kept once. */
  async insert(row: RoleAssignmentEntity, manager?: EntityManager): Promise<boolean> {
    const write = async (within: EntityManager): Promise<boolean> => {
      const { raw } = await within
        .createQueryBuilder()
        .insert()
        .into(RoleAssignmentEntity)
        .values(row)
        .orIgnore()
        .returning('id')
        .execute();
      await this.#broadcast.publish(within, roleAssignmentsChannel, row.principalId);
      return (raw as unknown[]).length === 1;
    };
    return manager ? write(manager) : this.#data.transaction(write);
  }

  /** Not the last Owner of a subscription. */
  async remove(row: RoleAssignmentEntity): Promise<void> {
    await this.#data.transaction(async (manager) => {
      if (row.roleDefinitionId === roles.Owner.id) await requireOtherOwner(manager, row.principalId, row.scopeKey);
      await manager.delete(RoleAssignmentEntity, { id: row.id });
      await this.#broadcast.publish(manager, roleAssignmentsChannel, row.principalId);
    });
  }

  /** Removes what is assigned at a scope and below: the resource is gone, and its name may come back as something else. */
  async removeUnder(key: string, manager?: EntityManager): Promise<void> {
    const write = async (within: EntityManager): Promise<void> => {
      const rows = await within
        .createQueryBuilder(RoleAssignmentEntity, 'a')
        .where('(a.scopeKey = :key OR starts_with(a.scopeKey, :under))', { key, under: `${key}/` })
        .getMany();
      for (const row of rows) {
        await within.delete(RoleAssignmentEntity, { id: row.id });
        await this.#broadcast.publish(within, roleAssignmentsChannel, row.principalId);
      }
    };
    await (manager ? write(manager) : this.#data.transaction(write));
  }
}
