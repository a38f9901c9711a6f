import { Module } from '@nestjs/common';

/** The surface `assistant`. */
@Module({})
export class AssistantModule {}
