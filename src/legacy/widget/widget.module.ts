import { Module } from '@nestjs/common';
import { CompletionsModule } from '../../completions/completions.module.js';
import { HealthModule } from '../../health/health.module.js';
import { WidgetAnswers } from './widget.answers.js';
import { WidgetAppearance } from './widget.appearance.js';
import { WidgetController } from './widget.controller.js';
import { WidgetHealth } from './widget.health.js';
import { WidgetHealthController } from './widget.health.controller.js';
import { WidgetPicturesController } from './widget.pictures.controller.js';

/** The surface `widget`: chat on websites, for visitors without an account. */
@Module({
  imports: [CompletionsModule, HealthModule],
  controllers: [WidgetController, WidgetHealthController, WidgetPicturesController],
  providers: [WidgetAnswers, WidgetAppearance, WidgetHealth],
})
export class WidgetModule {}
