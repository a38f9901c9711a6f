import { Module } from '@nestjs/common';

/** The surface `widget`. */
@Module({})
export class WidgetModule {}
