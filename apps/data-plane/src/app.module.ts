import { type DynamicModule, Module } from '@nestjs/common';
import { AuthModule } from './auth/auth.module.js';
import { EdgeModule } from './edge/edge.module.js';
import { TargetsModule } from './edge/targets.module.js';
import { type DataPlaneParts, ProcessModule } from './process.module.js';
import { TokensModule } from './tokens/tokens.module.js';
import { V2Module } from './v2/v2.module.js';

/** The data plane of one region: the table of contents of what it is made of. */
@Module({})
export class DataPlaneModule {
  static with(parts: DataPlaneParts): DynamicModule {
    return { module: DataPlaneModule, imports: [ProcessModule.with(parts), AuthModule, TargetsModule, TokensModule, V2Module, EdgeModule] };
  }
}
