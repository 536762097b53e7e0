import { Module } from '@nestjs/common';
import { roleAssignmentsControllers } from './role-assignments/role-assignments.controller.js';
import { RoleAssignmentsService } from './role-assignments/role-assignments.service.js';
import { roleDefinitionsControllers } from './role-assignments/role-definitions.controller.js';
import { ServicePrincipalsController } from './service-principals/service-principals.controller.js';
import { ServicePrincipalsService } from './service-principals/service-principals.service.js';

/** Who may sign in, and who may do what: service principals and their roles. Needs `AuthModule` and `ArmHttpModule`. */
@Module({
  controllers: [...roleDefinitionsControllers, ...roleAssignmentsControllers, ServicePrincipalsController],
  providers: [RoleAssignmentsService, ServicePrincipalsService],
})
export class AccessModule {}
