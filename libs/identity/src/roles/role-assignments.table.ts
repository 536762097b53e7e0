import type { DataSource, EntityManager } from 'typeorm';
import { Fault, roles } from '#lib/domain';
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

  async byId(id: string, manager: EntityManager = this.#data.manager): Promise<RoleAssignmentEntity | null> {
    return manager.findOneBy(RoleAssignmentEntity, { id });
  }

  async equalTo(row: RoleAssignmentEntity, manager: EntityManager = this.#data.manager): Promise<RoleAssignmentEntity | null> {
    const { principalId, roleDefinitionId, scopeKey } = row;
    return manager.findOneBy(RoleAssignmentEntity, { principalId, roleDefinitionId, scopeKey });
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
      await requirePrincipal(within, row.principalId);
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

  /** Removes what is assigned at a scope and below, by its text or by the id of the row that it named. */
  async removeUnder(key: string, resourceId: string, manager: EntityManager): Promise<void> {
    const rows = await manager
      .createQueryBuilder(RoleAssignmentEntity, 'a')
      .where('(a.scopeKey = :key OR starts_with(a.scopeKey, :under) OR a.resourceId = :resourceId)', { key, under: `${key}/`, resourceId })
      .getMany();
    for (const row of rows) {
      await manager.delete(RoleAssignmentEntity, { id: row.id });
      await this.#broadcast.publish(manager, roleAssignmentsChannel, row.principalId);
    }
  }
}

/** Keeps the principal from being removed until the transaction ends. @throws Fault `PrincipalNotFound` */
async function requirePrincipal(manager: EntityManager, id: string): Promise<void> {
  if (await manager.findOne(PrincipalEntity, { where: { id }, select: { id: true }, lock: { mode: 'for_key_share' } })) return;
  throw new Fault('PrincipalNotFound', `No service principal has the object id '${id}'.`);
}
