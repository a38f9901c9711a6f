import { type DynamicModule, Inject, Logger, Module, type OnModuleInit, type Type } from '@nestjs/common';
import { ENV, type Env } from '../config/env.js';
import type { LegacySurface } from '../config/legacy-env.js';
import { AssistantModule } from './assistant/assistant.module.js';
import { CompanionModule } from './companion/companion.module.js';
import { LegacyCoreModule } from './legacy-core.module.js';
import { NotebookModule } from './notebook/notebook.module.js';
import { TutorModule } from './tutor/tutor.module.js';
import { WidgetModule } from './widget/widget.module.js';

const SURFACES: Record<LegacySurface, Type> = {
  companion: CompanionModule,
  tutor: TutorModule,
  notebook: NotebookModule,
  assistant: AssistantModule,
  widget: WidgetModule,
};

/** The surfaces of five older backends: thin translations in front of the same features as the main API's. */
@Module({})
export class LegacyModule implements OnModuleInit {
  constructor(@Inject(ENV) private readonly env: Env) {}

  /** @param env whose `LEGACY_SURFACES` are mounted */
  static of({ LEGACY_SURFACES }: Env): DynamicModule {
    const surfaces = LEGACY_SURFACES.map((surface) => SURFACES[surface]);
    return { module: LegacyModule, imports: surfaces.length > 0 ? [LegacyCoreModule, ...surfaces] : [] };
  }

  onModuleInit(): void {
    if (!this.env.LEGACY_TRUST_CALLER || this.env.LEGACY_SURFACES.length === 0) return;
    new Logger('Legacy').warn(
      'LEGACY_TRUST_CALLER is set: the surfaces of older backends believe whatever user a request names. Whoever ' +
        'reaches this server reads and writes as anybody.',
    );
  }
}
