import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { ControlStore } from '#lib/control';
import { armRoutes, type ArmRoutes } from './arm-controller.js';
import { resourceGroupNotFound } from './not-found.js';

/** After authorization: the resource group a URL names exists. ARM answers 404 for it before the resource is looked at. */
@Injectable()
export class ResourceGroupGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly control: ControlStore,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const routes = this.reflector.get<ArmRoutes | undefined>(armRoutes, context.getClass());
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const name = (request.params as Record<string, string | undefined> | undefined)?.['resourceGroupName'];
    if (!routes || routes.needsGroup === false || name === undefined || !request.arm?.subscription) return true;
    const resourceGroup = await this.control.resourceGroups.byName(request.arm.subscription.id, name);
    if (!resourceGroup) throw resourceGroupNotFound(name);
    request.arm.resourceGroup = resourceGroup;
    return true;
  }
}
