import { type DynamicModule, Module } from '@nestjs/common';
import { ArmHttpModule } from './arm-http/arm-http.module.js';
import { AccessModule } from './auth/access.module.js';
import { AuthModule } from './auth/auth.module.js';
import { guardProviders } from './guards.js';
import { InstallationModule, type ManagementParts } from './installation.module.js';
import { MetadataController } from './metadata/metadata.controller.js';
import {
  OperationsController,
  RegistryOperationsController,
  SubscriptionOperationsController,
} from './operations/operations.controller.js';
import { OperationsService } from './operations/operations.service.js';
import { RegistriesModule } from './registries/registries.module.js';
import { ProviderOperationsController, ProvidersController, RegisteredProvidersController } from './resources/providers.controller.js';
import { ResourceGroupsController } from './resources/resource-groups.controller.js';
import { ResourceGroupsService } from './resources/resource-groups.service.js';
import { ResourceListsController } from './resources/resource-lists.controller.js';
import { ResourceListsService } from './resources/resource-lists.service.js';
import { SubscriptionsController, TenantsController } from './resources/subscriptions.controller.js';
import { StsModule } from './sts/sts.module.js';
import { tagsControllers } from './tags/tags.controller.js';

/** The management API: the table of contents of what it answers. */
@Module({})
export class ManagementModule {
  static with(parts: ManagementParts): DynamicModule {
    return {
      module: ManagementModule,
      imports: [
        InstallationModule.with(parts),
        AuthModule.with({ managementUrl: parts.config.REGATTA_MANAGEMENT_URL }),
        ArmHttpModule,
        StsModule,
        AccessModule,
        RegistriesModule,
      ],
      controllers: [
        MetadataController,
        TenantsController,
        SubscriptionsController,
        ResourceGroupsController,
        ResourceListsController,
        ProviderOperationsController,
        ProvidersController,
        RegisteredProvidersController,
        OperationsController,
        RegistryOperationsController,
        SubscriptionOperationsController,
        ...tagsControllers,
      ],
      providers: [...guardProviders, ResourceGroupsService, ResourceListsService, OperationsService],
    };
  }
}
