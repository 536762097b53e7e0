import { Controller, Get, Header, Inject, Query } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Fault } from '#lib/domain';
import { Public } from '../arm-http/access.js';
import { apiVersionIn } from '../arm-http/api-version.guard.js';
import { CONFIG } from '../arm-http/tokens.js';
import type { ManagementConfig } from '../config.js';
import { describeCloud, describeCloudFirst } from './cloud-description.js';

/** Where clients learn all other addresses from the one they were told. */
@ApiExcludeController()
@Controller('metadata')
export class MetadataController {
  constructor(@Inject(CONFIG) private readonly config: ManagementConfig) {}

  @Public()
  @Get('endpoints')
  @Header('cache-control', 'public, max-age=3600')
  endpoints(@Query() query: Record<string, unknown>): unknown {
    const date = dateOf(apiVersionIn(query));
    const installation = {
      managementUrl: this.config.REGATTA_MANAGEMENT_URL,
      loginServerSuffix: this.config.REGATTA_LOGIN_SERVER_SUFFIX,
      regions: this.config.REGATTA_REGIONS,
    };
    if (date < '2019-05-01') return describeCloudFirst(installation);
    const cloud = describeCloud(installation);
    return date < '2022-09-01' ? [cloud] : cloud;
  }
}

/** The date of an api-version. Any is taken: each form has served since its day. */
function dateOf(version: unknown): string {
  if (version === undefined || version === '') {
    throw new Fault('MissingApiVersionParameter', 'The api-version query parameter (?api-version=) is required for all requests.');
  }
  const [, date] = typeof version === 'string' ? (/^(\d{4}-\d\d-\d\d)(?:-preview)?$/i.exec(version) ?? []) : [];
  if (date !== undefined) return date;
  throw new Fault('InvalidApiVersionParameter', 'The api-version is invalid: it is a date such as 2022-09-01.');
}
