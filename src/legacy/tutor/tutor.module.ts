import { Module } from '@nestjs/common';

/** The surface `tutor`. */
@Module({})
export class TutorModule {}
