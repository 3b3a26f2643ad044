import { runService } from '@rangeward/host/run-service';
import { settings } from './config.ts';
import { start } from './start.ts';

await runService({ name: 'scheduler', settings, start });
