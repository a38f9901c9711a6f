import { Module } from '@nestjs/common';
import { LanguageModels } from './language-models.js';

/** The language models; expects the environment to be provided globally. */
@Module({ providers: [LanguageModels], exports: [LanguageModels] })
export class LlmModule {}
