import { Module } from '@nestjs/common';

/** The surface `notebook`. */
@Module({})
export class NotebookModule {}
