import { Module } from '@nestjs/common';
import { PrivateEndpointConnectionsController, PrivateLinkResourcesController } from './private-links.controller.js';
import { RegistriesController } from './registries.controller.js';
import { RegistriesService } from './registries.service.js';
import { RegistryActionsController, SubscriptionRegistriesController } from './registry-actions.controller.js';
import { RegistryContents } from './registry-contents.js';
import { RegistryCredentialsService } from './registry-credentials.service.js';
import { RegistryNamesService } from './registry-names.service.js';
import { RegistryUsage } from './registry-usage.js';
import { ReplicationsController } from './replications.controller.js';

/** Registries: the resource, its actions, and what it uses. */
@Module({
  controllers: [
    RegistriesController,
    RegistryActionsController,
    SubscriptionRegistriesController,
    ReplicationsController,
    PrivateEndpointConnectionsController,
    PrivateLinkResourcesController,
  ],
  providers: [RegistriesService, RegistryCredentialsService, RegistryNamesService, RegistryUsage, RegistryContents],
  exports: [RegistriesService],
})
export class RegistriesModule {}
