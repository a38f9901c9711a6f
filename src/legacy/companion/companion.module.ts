import { Module } from '@nestjs/common';

/** The surface `companion`. */
@Module({})
export class CompanionModule {}
